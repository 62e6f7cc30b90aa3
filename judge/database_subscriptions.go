package judge

import (
	"strings"
	"time"

	"opsdeck/ops"
)

// workerBack is how long a worker may be away: the server starts it again after
// wal_retrieve_retry_interval, 5 s where nobody changed it.
const workerBack = 30 * time.Second

// subscriptions that apply nothing keep WAL on their publisher, and the tables here grow
// old.
func (j *dbJudge) subscriptions() {
	for i := range j.d.Subscriptions {
		s := &j.d.Subscriptions[i]
		sql := ops.Textf(`ALTER SUBSCRIPTION "%s" ENABLE`, strings.ReplaceAll(s.Name.String(), `"`, `""`))
		f := ops.Finding{Ref: j.d.Ref, Level: ops.LevelWarning, Since: s.Gone}
		switch {
		case !s.Enabled:
			f.Key, f.What = ops.Textf("the end of subscription %s", s.Name), ops.Textf("subscription %s of database %s is disabled", s.Name, s.Database)
			f.Cause = ops.Lit("somebody disabled it, or it did so itself after an error (disable_on_error): then the server's log says which; its slot keeps WAL on the publisher")
			f.Next = []ops.Next{{What: ops.Lit("where nobody wants it so, mend what the log says, then enable it"), SQL: sql, In: s.Database}}
		case !s.Gone.IsZero() && j.now.Sub(s.Gone) >= workerBack:
			f.Key, f.What, f.Level = ops.Textf("the missing worker of subscription %s", s.Name), ops.Textf("subscription %s of database %s has no worker", s.Name, s.Database), j.lateLevel(s.Gone)
			f.Cause = ops.Lit("it is enabled and nothing applies what comes: its worker ends again and again, or there is none left for it (max_logical_replication_workers)")
			f.Next = words(ops.Lit("read the server's log for why the worker ends: is the publisher reachable, has it the slot, is there a conflict?"))
		default:
			s.Level = ops.LevelOK
			continue
		}
		s.Level = f.Level
		j.find(f)
	}
}
