package faults

// Table is every fault of the lab.
func Table() []Fault {
	return []Fault{
		containerKilled(),
		crashLoop(),
		prometheusFrozen(),
	}
}
