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

// Replaced says what has to follow where a copy has taken the place of a server's data.
func Replaced(o CopyOrder, c ops.Restored) []string {
	p, back := o.InPlace, o.InPlace.Back(o.To)
	lines := []string{"look at it: " + c.LookBy.String()}
	if !c.Promoted {
		lines = append(lines, "let it take writes: "+c.PromoteBy.String())
	}
	return append(lines,
		"the old data are in "+p.Aside+"; the way back: "+c.EndBy.String()+"; "+back[0].String()+"; "+back[1].String(),
		"to let people work with it: promote it, "+c.EndBy.String()+", and start the server as it is always started",
		"archiving is off in it, by archive_mode in its postgresql.auto.conf, until you say so: ALTER SYSTEM RESET archive_mode, ALTER SYSTEM SET again what begins with archive_ in "+p.Aside+"/postgresql.auto.conf, and start the server again",
		"then take a full backup at once: nothing of its new timeline can be restored before",
		"what ALTER SYSTEM had set, and pg_hba.conf where it lies in the data, are of the backup's time or gone: compare with "+p.Aside,
		"replicas have to be made anew or rewound, replication slots and subscriptions made again, and the receiver of WAL started on its new timeline",
		"tablespaces of it lie in "+scratch{dir: o.To}.tablespaces()+": "+o.To+" stays as long as it has any",
		"when nobody needs the old data: "+ops.ShellLine("rm", "-r", p.Aside).String())
}

// becoming says what has to follow where a copy becomes the server that people work with.
func becoming(to string) []string {
	return []string{
		"before people work with it: end the old server for good, and keep its disks",
		"then give the copy the old configuration and pg_hba.conf: it runs on " + ops.ShellLine(scratch{dir: to}.file("postgresql.conf")).String() + " and on arguments that keep it apart (see postmaster.opts in its data)",
		"then let the engine know it (pgBackRest: pg1-path; the stanza stays), turn archiving on, and take a full backup at once: nothing of its new timeline can be restored before",
		"replicas have to be made anew or rewound, replication slots and subscriptions made again: none came with the copy",
		"the receiver of WAL and whoever else connects by address have to be pointed at it",
	}
}
