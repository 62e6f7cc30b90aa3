package faults

// Table is every fault of the lab. `lab heal all` goes through it from top to
// bottom: what brings servers back stands before what needs them.
func Table() []Fault {
	return append([]Fault{
		dockerRestarted(),
		dockerDenied(),

		prometheusFrozen(),
		prometheusRestarted(),
		alertmanagerDown(),
		alertmanagerRestarted(),

		postgresFrozen(),
		postgresDown(),

		prometheusSlow(),
		sourcesFrozen(),
		clockSkew(),
		postAnswerCut(),

		targetDown(),
		alertFlood(),
		ruleBroken(),
		silenceEnding(),

		containerKilled(),
		crashLoop(),
		oom(),
		unhealthy(),
		portClash(),
		eventFlood(),
		logFlood(),

		lockChain(),
		idleInTransaction(),
		connectionsExhausted(),
		slowQuery(),
		replicaPaused(),

		diskFilling(),
		certificateEnding(),
		loadLeftRunning(),
	}, Backups()...)
}

// Backups are those of archiving and backups, which `lab up` heals before it makes one.
func Backups() []Fault {
	return []Fault{
		archiveFailing(),
		repositoryDown(),
		walMissing(),
		backupCorrupt(),
		backupStale(),
		archiverStopped(),
	}
}
