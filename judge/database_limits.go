package judge

import (
	"strings"

	"opsdeck/ops"
)

// limits are found where a role or a database has nearly all the connections that it
// may have: everybody else gets in, and it does not.
func (j *dbJudge) limits() {
	for i := range j.d.Limits {
		x := &j.d.Limits[i]
		if x.Level = j.limitLevel(*x); x.Level == ops.LevelOK {
			continue
		}
		f := ops.Finding{Level: x.Level, Ref: j.d.Ref, What: ops.Textf("%s %s has %d of its %s", x.Of, x.Name, x.Used, ops.Count(x.Limit, "connection")),
			Cause: ops.Textf("its CONNECTION LIMIT refuses what is beyond (53300); the server itself has %d left", j.d.Use.Free())}
		if x.Used >= x.Limit {
			f.What = ops.Textf("%s %s has all of its %s", x.Of, x.Name, ops.Count(x.Limit, "connection"))
		}
		column := "usename"
		if x.Of == ops.LimitDatabase {
			column = "datname"
		}
		f.Next = []ops.Next{{What: ops.Lit("see who has them"), SQL: ops.Textf("SELECT pid, usename, datname, application_name, state, state_change FROM pg_stat_activity WHERE %s = '%s'", column, strings.ReplaceAll(x.Name.String(), "'", "''"))},
			{What: ops.Lit("end those that idle, or raise the limit"), SQL: ops.Textf(`ALTER %s "%s" CONNECTION LIMIT %d`, strings.ToUpper(x.Of.String()), strings.ReplaceAll(x.Name.String(), `"`, `""`), 2*x.Limit)}}
		if f.Level.Bad() {
			f.Key = ops.Textf("the shortage of connections of %s %s", x.Of, x.Name)
		}
		j.find(f)
	}
}

// limitLevel is critical where a whole database takes nobody any more. A role's limit
// may be there to be reached. One that allows a single connection is a lock, and one
// that opsdeck's own sessions fill is made for them.
func (j *dbJudge) limitLevel(x ops.ConnectionLimit) ops.Level {
	ours := len(j.those(func(s ops.Session) bool { return s.Own && x.Of == ops.LimitRole && s.User == x.Name }))
	switch {
	case x.Used*100 < x.Limit*j.l.Connections, x.Of == ops.LimitRole && ours >= x.Used:
		return ops.LevelOK
	case x.Limit == 1:
		return ops.LevelInfo
	case x.Used >= x.Limit && x.Of == ops.LimitDatabase:
		return ops.LevelCritical
	}
	return ops.LevelWarning
}
