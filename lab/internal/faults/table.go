package faults

// Table is every fault of the lab. `lab heal all` goes through it from top to
// bottom: what brings servers back stands before what needs them.
func Table() []Fault {
	return []Fault{
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
		archiveFailing(),
		replicaPaused(),

		diskFilling(),
		certificateEnding(),
	}
}
