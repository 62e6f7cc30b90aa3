package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"opsdeck/ops"
)

// preparedSQL lists the prepared transactions and whom each of them blocks. They have
// no process: their locks are those without a pid, and all locks of one have the virtual
// transaction by which its own transaction id is locked. A lock is waited for where one
// on the same object is held in a mode that is in conflict with it: with the modes in the
// order of their strength, from a certain one on for each weaker one.
const preparedSQL = `WITH locks AS MATERIALIZED (SELECT *, array_position(ARRAY['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock',
  'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'], mode) AS strength FROM pg_locks WHERE mode <> 'SIReadLock'),
held AS MATERIALIZED (SELECT p.transaction, h.* FROM pg_prepared_xacts p
 JOIN locks o ON o.pid IS NULL AND o.locktype = 'transactionid' AND o.transactionid = p.transaction
 JOIN locks h ON h.pid IS NULL AND h.virtualtransaction = o.virtualtransaction)
SELECT p.transaction::text::int8, p.gid, p.prepared, coalesce(p.owner::text, ''), coalesce(p.database::text, ''),
 (SELECT count(*) FROM held h WHERE h.transaction = p.transaction)::int,
 ARRAY(SELECT DISTINCT w.pid FROM held h JOIN locks w ON NOT w.granted AND w.locktype = h.locktype
  AND (w.database, w.relation, w.page, w.tuple, w.virtualxid, w.transactionid, w.classid, w.objid, w.objsubid)
   IS NOT DISTINCT FROM (h.database, h.relation, h.page, h.tuple, h.virtualxid, h.transactionid, h.classid, h.objid, h.objsubid)
  WHERE h.transaction = p.transaction AND greatest(h.strength, w.strength) >= (ARRAY[8, 7, 5, 4, 6, 6, 7, 8])[least(h.strength, w.strength)] ORDER BY 1)
FROM pg_prepared_xacts p ORDER BY p.prepared LIMIT 100`

// prepared is a prepared transaction and the pids that wait for it.
type prepared struct {
	ops.Session
	waiters []int32
}

func readPrepared(r *reading, row row) error {
	p := prepared{Session: ops.Session{State: ops.SessionPrepared, Horizon: true}}
	var xid int64
	var gid string
	err := row.Scan(&xid, &gid, r.moment(&p.Changed), textTo{&p.User}, textTo{&p.Database}, &p.Locks, &p.waiters)
	p.PID, p.Transaction, p.Began = -int(xid), p.Changed, p.Changed
	p.Ref = ops.NewRef(ops.KindPrepared, r.source, strconv.FormatInt(xid, 10))
	exact := literal(gid)
	p.GID, p.Literal = ops.CleanMasked(mask(gid)), ops.CleanMasked(mask(exact))
	if p.Literal.String() != exact { // something in it is not shown
		p.Literal = ops.Text{}
	}
	p.SQL = ops.Textf("PREPARE TRANSACTION '%s'", p.GID)
	r.prepared = append(r.prepared, p)
	return err
}

// literal writes a text as SQL does, in characters that every terminal shows.
func literal(s string) string {
	if !strings.ContainsFunc(s, func(c rune) bool { return c == utf8.RuneError || !unicode.IsPrint(c) }) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c == '\'' || c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return "E'" + b.String() + "'"
}

// withPrepared puts the prepared transactions among the sessions, and names them where
// a session waits for one: pg_blocking_pids calls all of them 0.
func withPrepared(all []ops.Session, ps []prepared) []ops.Session {
	for i := range all {
		s := &all[i]
		if !slices.Contains(s.BlockedBy, 0) {
			continue
		}
		var by []int
		for _, p := range ps {
			if slices.Contains(p.waiters, int32(s.PID)) {
				by = append(by, p.PID)
			}
		}
		if len(by) > 0 {
			s.BlockedBy = append(slices.DeleteFunc(s.BlockedBy, func(pid int) bool { return pid == 0 }), by...)
		}
	}
	for _, p := range ps {
		all = append(all, p.Session)
	}
	return all
}

// locksOfPrepared are the locks of the one with this transaction id.
const locksOfPrepared = `SELECT h.locktype, h.mode, h.granted, ` + lockedObject + `
FROM pg_locks o JOIN pg_locks h ON h.pid IS NULL AND h.virtualtransaction = o.virtualtransaction LEFT JOIN pg_database d ON d.oid = h.database AND d.datname = current_database()
WHERE o.pid IS NULL AND o.locktype = 'transactionid' AND o.transactionid = '%d'::xid ORDER BY h.locktype, 4 LIMIT 30`

// openPrepared asks for one prepared transaction as it is now.
func (c *Collector) openPrepared(ctx context.Context, ref ops.Ref) (ops.Detail, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	all, err := c.Sessions(ctx)
	if err != nil {
		return ops.Detail{}, err
	}
	i := slices.IndexFunc(all, func(s ops.Session) bool { return s.Ref == ref })
	if i < 0 {
		return ops.Detail{}, ops.Errorf(ops.CodeNotFound, "the prepared transaction %s was committed or rolled back", ref.ID)
	}
	p := all[i]
	d := ops.Detail{Ref: ref, At: c.cfg.Now(), Title: ops.Textf("prepared transaction '%s' of %s", p.GID, c.cfg.Name),
		Groups: []ops.FactGroup{group("prepared transaction", fact("gid", p.GID), factf("transaction id", "%s", ref.ID), fact("owner", p.User), fact("database", p.Database),
			factf("prepared", "%s", ops.Stamp(p.Changed)), factf("ends", "by COMMIT PREPARED or ROLLBACK PREPARED alone; a restart of the server leaves it as it is"))}}
	if g, ok := treeGroup(p, all); ok {
		d.Groups = append(d.Groups, g)
	}
	err = c.reader.use(ctx, func(ctx context.Context, k conn) error {
		var b pgx.Batch
		b.Queue(fmt.Sprintf(locksOfPrepared, -p.PID))
		results := k.SendBatch(ctx, &b)
		defer results.Close() //nolint:errcheck // read to its end, or the error is there already
		locks, err := readLocks(results)
		d.Groups = append(d.Groups, locks)
		return err
	})
	if err != nil {
		d.Why = ops.Textf("its locks: %s", words(err))
	}
	return d, nil
}
