package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/ops"
)

// Open tells everything that is known of the server, or of one session.
func (c *Collector) Open(ctx context.Context, ref ops.Ref, _ time.Duration) (ops.Detail, error) {
	switch ref.Kind {
	case ops.KindDatabase, ops.KindSource:
		return c.openServer(ref)
	case ops.KindSession:
		return c.openSession(ctx, ref)
	case ops.KindPrepared:
		return c.openPrepared(ctx, ref)
	}
	return ops.Detail{}, ops.Errorf(ops.CodeNotFound, "a database has no %s", ref.Kind)
}

// openServer tells what the last look found.
func (c *Collector) openServer(ref ops.Ref) (ops.Detail, error) {
	d := c.newest()
	if d.Ref.Zero() {
		return ops.Detail{}, ops.Errorf(ops.CodeUnavailable, "%s was not read yet", c.cfg.Name).Help("its line above says why")
	}
	return ops.Detail{Ref: ref, At: c.readAt(), Title: ops.Textf("database %s", c.cfg.Name), Groups: serverGroups(d)}, nil
}

// readAt is when the last good look ended.
func (c *Collector) readAt() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lastAt
}

// queryMost is how many characters of a query an opened session shows.
const queryMost = 16000

// openSession asks for one session as it is now: the whole query, its locks, who
// waits for it and for whom it waits.
func (c *Collector) openSession(ctx context.Context, ref ops.Ref) (ops.Detail, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	pid, err := strconv.Atoi(ref.ID.String())
	if err != nil {
		return ops.Detail{}, ops.Errorf(ops.CodeInvalid, "%q is no pid", ref.ID)
	}
	all, err := c.Sessions(ctx)
	if err != nil {
		return ops.Detail{}, err
	}
	i := slices.IndexFunc(all, func(b ops.Session) bool { return b.PID == pid })
	if i < 0 {
		return ops.Detail{}, gone(pid)
	}
	b := all[i]
	d := ops.Detail{Ref: ref, At: c.cfg.Now(), Began: b.Began, Title: ops.Textf("session %d of %s", pid, c.cfg.Name), Groups: []ops.FactGroup{sessionGroup(b)}}
	if g, ok := treeGroup(b, all); ok {
		d.Groups = append(d.Groups, g)
	}
	err = c.reader.use(ctx, func(ctx context.Context, k conn) error {
		query, locks, err := queryAndLocks(ctx, k, pid)
		d.Groups = append(d.Groups, query, locks)
		return err
	})
	if ops.CodeOf(err) == ops.CodeNotFound {
		return ops.Detail{}, err
	}
	if err != nil {
		d.Why = ops.Textf("its query and locks: %s", words(err))
	}
	return d, nil
}

func gone(pid int) error {
	return ops.Errorf(ops.CodeNotFound, "session %d has ended", pid).Help("History knows whether opsdeck ended it")
}

func fact(name string, value ops.Text) ops.Fact { return ops.Fact{Name: ops.Clean(name), Value: value} }

func factf(name, format string, args ...any) ops.Fact { return fact(name, ops.Textf(format, args...)) }

func group(title string, facts ...ops.Fact) ops.FactGroup {
	return ops.FactGroup{Title: ops.Clean(title), Facts: facts}
}

func sessionGroup(b ops.Session) ops.FactGroup {
	if b.Hidden {
		return group("session", fact("user", b.User), fact("application", b.App), fact("database", b.Database),
			fact("everything else", ops.Clean("hidden: "+needsMonitor)))
	}
	return group("session", fact("application", b.App), fact("user", b.User), fact("database", b.Database), fact("from", b.Client),
		factf("state", "%s since %s", b.State, ops.Stamp(b.Changed)), factf("connected", "%s", ops.Stamp(b.Began)),
		factf("transaction", "%s", ops.Stamp(b.Transaction)), factf("query began", "%s", ops.Stamp(b.Query)), fact("waits for", b.Wait))
}

// treeGroup says where a session stands in its blocking tree.
func treeGroup(b ops.Session, all []ops.Session) (ops.FactGroup, bool) {
	if b.Root == 0 {
		return ops.FactGroup{}, false
	}
	name := func(pid int) string {
		for _, o := range all {
			switch {
			case o.PID != pid:
			case o.Prepared():
				return fmt.Sprintf("prepared transaction '%s'", o.GID)
			default:
				return fmt.Sprintf("%d %s", pid, o.App.Or(o.User))
			}
		}
		if pid == 0 {
			return "a prepared transaction"
		}
		return strconv.Itoa(pid)
	}
	g := group("blocking")
	if b.Root == b.PID && len(b.BlockedBy) == 0 {
		g.Facts = append(g.Facts, factf("root", "this %s: ending it frees all that wait below", map[bool]string{false: "session", true: "transaction"}[b.Prepared()]))
	} else {
		g.Facts = append(g.Facts, factf("root", "%s", name(b.Root)))
	}
	for _, pid := range b.BlockedBy {
		g.Facts = append(g.Facts, factf("waits for", "%s since %s", name(pid), ops.Stamp(b.Waiting)))
	}
	for _, o := range all {
		if slices.Contains(o.BlockedBy, b.PID) {
			g.Facts = append(g.Facts, factf("waits for this", "%s since %s", name(o.PID), ops.Stamp(o.Waiting)))
		}
	}
	return g, true
}

// queryAndLocks asks for both in one round trip.
func queryAndLocks(ctx context.Context, k conn, pid int) (query, locks ops.FactGroup, err error) {
	var b pgx.Batch
	b.Queue(fmt.Sprintf("SELECT left(query, %d) FROM pg_stat_activity WHERE pid = %d", queryMost, pid))
	b.Queue(fmt.Sprintf(`SELECT h.locktype, h.mode, h.granted, `+lockedObject+`
FROM pg_locks h LEFT JOIN pg_database d ON d.oid = h.database AND d.datname = current_database()
WHERE h.pid = %d AND h.locktype <> 'virtualxid' ORDER BY h.granted, h.locktype, 4 LIMIT 30`, pid))
	results := k.SendBatch(ctx, &b)
	defer results.Close() //nolint:errcheck // read to its end, or the error is there already
	var text string
	if err := results.QueryRow().Scan(&text); errors.Is(err, pgx.ErrNoRows) {
		return group("query"), group("locks"), gone(pid) // since the sessions were listed
	} else if err != nil {
		return group("query"), group("locks"), err
	}
	query = group("query")
	for i, line := range ops.CleanBlock(maskSQL(text), 200) {
		name := "sql"
		if i > 0 {
			name = ""
		}
		query.Facts = append(query.Facts, fact(name, line))
	}
	locks, err = readLocks(results)
	return query, locks, err
}

// lockedObject is what a lock h is on, by its name where it is in our database d.
const lockedObject = `coalesce(CASE WHEN d.oid IS NOT NULL THEN h.relation::regclass::text ELSE h.relation::text END, h.transactionid::text, h.virtualxid, '')`

// readLocks reads the next answer of a batch as a list of locks.
func readLocks(results pgx.BatchResults) (ops.FactGroup, error) {
	locks := group("locks")
	rows, err := results.Query()
	if err != nil {
		return locks, err
	}
	defer rows.Close()
	for rows.Next() {
		var kind, mode, on string
		var granted bool
		if err := rows.Scan(&kind, &mode, &granted, &on); err != nil {
			return locks, err
		}
		name := "holds"
		if !granted {
			name = "waits for"
		}
		locks.Facts = append(locks.Facts, factf(name, "%s on %s %s", mode, kind, on))
	}
	return locks, rows.Err()
}
