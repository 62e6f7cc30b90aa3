package drill

import "opsdeck/ops"

// Afterwards says how a copy is dealt with, and what has to follow where it becomes the
// server that people work with.
func Afterwards(o CopyOrder, c ops.Restored) []string {
	lines := []string{
		"look at it: " + c.LookBy.String(),
		"end it: " + c.EndBy.String() + "; take it away then: " + ops.ShellLine("rm", "-r", o.To).String(),
	}
	if !c.Promoted {
		lines = append(lines, "let it take writes: "+c.PromoteBy.String())
	}
	return append(lines, becoming(o.To)...)
}

// becoming says what has to follow where a copy becomes the server that people work with.
func becoming(to string) []string {
	return []string{
		"before people work with it: end the old server for good, and keep its disks",
		"then give the copy the old configuration and pg_hba.conf: it runs on " + ops.ShellLine(scratch{to}.file("postgresql.conf")).String() + " and on arguments that keep it apart (see postmaster.opts in its data)",
		"then let the engine know it (pgBackRest: pg1-path; the stanza stays), turn archiving on, and take a full backup at once: nothing of its new timeline can be restored before",
		"replicas have to be made anew or rewound, replication slots and subscriptions made again: none came with the copy",
		"the receiver of WAL and whoever else connects by address have to be pointed at it",
	}
}
