package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/load/loans"
	"opsdeck/ops"
)

// countIn is how long the end of a run may take to read back what is there, and then for each loan.
const (
	countIn     = time.Minute
	countInEach = 20 * time.Microsecond
)

// errUnread is how a run ends of which nobody can tell what is in the database.
var errUnread = errors.New("what is in the database was not read back")

// counted is what the tables hold, in one picture of all of them.
type counted struct {
	loans.Sum
	Results [5]int64 // rows of staging, pd, lgd, ead, ecl
	Batches loans.Sum
	Wrong   int64
}

// read adds up what is there. A loan is written as it was sent.
func (o Order) read(ctx context.Context, c *pgx.Conn) (n counted, err error) {
	var columns []string
	for _, t := range layout() {
		for _, col := range t.columns {
			if t.name == "loans" {
				columns = append(columns, col.name+"::text")
			}
		}
	}
	var digest, ead, ecl, markedEAD, markedECL string
	err = c.QueryRow(ctx, o.in(`SELECT l.n, l.digest, (SELECT count(*) FROM S.staging), (SELECT count(*) FROM S.pd), (SELECT count(*) FROM S.lgd), e.n, e.cents, x.n, x.cents, b.n, b.ead, b.ecl, b.wrong
		FROM (SELECT count(*) n, coalesce(mod(sum(('x' || substr(md5(concat_ws(',', `+strings.Join(columns, ", ")+`)), 1, 15))::bit(60)::bigint), 18446744073709551616), 0)::text digest FROM S.loans) l,
		(SELECT count(*) n, coalesce(sum(cents), 0)::text cents FROM S.ead) e, (SELECT count(*) n, coalesce(sum(cents), 0)::text cents FROM S.ecl) x,
		(SELECT coalesce(sum(rows), 0)::bigint n, coalesce(sum(ead), 0)::text ead, coalesce(sum(ecl), 0)::text ecl, coalesce(sum(wrong), 0)::bigint wrong FROM S.batches) b`)).
		Scan(&n.Rows, &digest, &n.Results[0], &n.Results[1], &n.Results[2], &n.Results[3], &ead, &n.Results[4], &ecl, &n.Batches.Rows, &markedEAD, &markedECL, &n.Wrong)
	if err != nil {
		return n, err
	}
	_, err = fmt.Sscan(strings.Join([]string{digest, ead, ecl, markedEAD, markedECL}, " "), &n.Digest, &n.EAD, &n.ECL, &n.Batches.EAD, &n.Batches.ECL)
	return n, err
}

// readAgain reads over a connection of its own, and where that is lost once more until ctx ends:
// a server may be started anew at that very moment.
func (r *run) readAgain(ctx context.Context) (n counted, err error) {
	for wait := again; ; wait = min(2*wait, mostAgain) {
		err = r.order.connected(ctx, r.cfg, func(c *pgx.Conn) error { n, err = r.order.read(ctx, c); return err })
		if err == nil || !passes(err) {
			return n, err
		}
		if !sleep(ctx, wait) {
			return n, err
		}
	}
}

// complete reads back what is in the tables, and reports loans that are missing, or too many, or
// others than were sent, and sums that are not what they come to. What it cannot read it reports as errUnread.
func (r *run) complete(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, countIn+time.Duration(r.order.Rows)*countInEach)
	defer cancel()
	var sent loans.Sum
	made := make(chan error, 1) // it ends with ctx
	go func() {
		var err error
		sent, err = r.portfolio.Sum(ctx, r.order.Rows, max(1, runtime.GOMAXPROCS(0)/2))
		made <- err
	}()
	n, err := r.readAgain(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnread, err)
	}
	if err := <-made; err != nil {
		return fmt.Errorf("%w: add up what was sent: %w", errUnread, err)
	}
	return n.differs(sent)
}

// differs reports what is other than it was sent.
func (n counted) differs(sent loans.Sum) error {
	for i, rows := range append(n.Results[:], n.Rows, n.Batches.Rows) {
		if rows != sent.Rows {
			return ops.Errorf(ops.CodeInternal, "there are %s in %s, and not %d", ops.Count(rows, "row"), []string{"staging", "pd", "lgd", "ead", "ecl", "loans", "the batches"}[i], sent.Rows)
		}
	}
	switch {
	case n.Digest != sent.Digest:
		return ops.Errorf(ops.CodeInternal, "the loans are not those that were sent: their digest is %016x, and not %016x", n.Digest, sent.Digest)
	case n.EAD != n.Batches.EAD || n.ECL != n.Batches.ECL:
		return ops.Errorf(ops.CodeInternal, "exposure and expected loss add up to %d and %s, and were %d and %d in the batches", n.EAD, ops.Count(n.ECL, "cent"), n.Batches.EAD, n.Batches.ECL)
	case n.Wrong == 0 && (n.EAD != sent.EAD || n.ECL != sent.ECL):
		return ops.Errorf(ops.CodeInternal, "exposure and expected loss add up to %d and %s, and come to %d and %d", n.EAD, ops.Count(n.ECL, "cent"), sent.EAD, sent.ECL)
	}
	return nil
}
