package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/load/loans"
	"opsdeck/ops"
)

// Parts are what is done with a batch, each after the other.
func Parts() []string { return []string{"copy", "staging", "pd", "lgd", "ead", "ecl", "check"} }

// calculations are the parts in SQL. A part of a table is written [table]; S is the schema.
func calculations() []string {
	left := fmt.Sprintf("least(greatest(1, (l.matures - DATE '%s' + 364) / 365), %d)", loans.AsOf.Format(time.DateOnly), loans.Longest)
	return []string{
		fmt.Sprintf(`INSERT INTO S.staging SELECT id, CASE WHEN days_past_due >= %d OR unlikely_to_pay THEN 3 WHEN days_past_due > %d OR grade - grade_origin >= %d THEN 2 ELSE 1 END FROM [loans] l`,
			loans.DefaultDays, loans.LateDays, loans.Notches),
		`INSERT INTO S.pd SELECT l.id, CASE s.stage WHEN 3 THEN 1000000 ELSE g.ppm END FROM [loans] l JOIN [staging] s USING (id)
			JOIN S.grades g ON g.grade = l.grade AND g.years = CASE s.stage WHEN 1 THEN 1 ELSE ` + left + ` END`,
		fmt.Sprintf(`INSERT INTO S.lgd SELECT l.id, greatest(%d, p.lgd_bp - p.lgd_bp * least(l.collateral * %d / 100, l.balance) * %d / (100 * l.balance)) FROM [loans] l JOIN S.products p USING (product)`,
			loans.LeastLGD, loans.Haircut, loans.Kept),
		`INSERT INTO S.ead SELECT l.id, l.balance + l.undrawn * p.drawn_bp / 10000 FROM [loans] l JOIN S.products p USING (product)`,
		`INSERT INTO S.ecl SELECT e.id, e.cents * p.ppm / 1000000 * g.bp / 10000 FROM [ead] e JOIN [pd] p USING (id) JOIN [lgd] g USING (id)`,
	}
}

// checked counts the loans of a batch, those that came to something else than is right, and
// what all come to.
const checked = `SELECT count(*), count(*) FILTER (WHERE (s.stage, p.ppm, g.bp, e.cents, x.cents) IS DISTINCT FROM (l.true_stage, l.true_pd_ppm, l.true_lgd_bp, l.true_ead, l.true_ecl)),
	coalesce(sum(e.cents), 0)::text, coalesce(sum(x.cents), 0)::text
	FROM [loans] l LEFT JOIN [staging] s USING (id) LEFT JOIN [pd] p USING (id) LEFT JOIN [lgd] g USING (id) LEFT JOIN [ead] e USING (id) LEFT JOIN [ecl] x USING (id)`

// of writes SQL for the loans of a batch, whose first and last numbers are $1 and $2: the
// planner would not carry the bounds of one table over to the others.
func (o Order) of(sql string) string {
	for _, t := range tables() {
		sql = strings.ReplaceAll(sql, "["+t+"]", "(SELECT * FROM S."+t+" WHERE id BETWEEN $1 AND $2)")
	}
	return o.in(sql)
}

// done is what became of a batch.
type done struct {
	rows, wrong int64
	parts       []time.Duration // as Parts; empty: it had been committed before
}

// batch does all of a batch in one transaction, as long as a session holds the schema. Where it was committed before, as by an
// attempt whose answer was lost, nothing is done.
func (o Order) batch(ctx context.Context, c *pgx.Conn, p loans.Portfolio, n int64, by session) (d done, err error) {
	first, rows := o.span(n)
	err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, o.in("SELECT rows, wrong FROM S.batches WHERE number = $1"), n).Scan(&d.rows, &d.wrong)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if err := o.holds(ctx, tx, by); err != nil {
			return err
		}
		last := time.Now()
		part := func() {
			d.parts = append(d.parts, time.Since(last))
			last = time.Now()
		}
		if _, err := tx.Conn().PgConn().CopyFrom(ctx, p.Read(first, rows), o.in("COPY S.loans FROM STDIN (FORMAT csv)")); err != nil {
			return err
		}
		part()
		for _, sql := range calculations() {
			if _, err := tx.Exec(ctx, o.of(sql), first+1, first+rows); err != nil {
				return err
			}
			part()
		}
		var ead, ecl string
		if err := tx.QueryRow(ctx, o.of(checked), first+1, first+rows).Scan(&d.rows, &d.wrong, &ead, &ecl); err != nil {
			return err
		}
		part()
		if d.rows != rows {
			return invalid("batch %d has %s, and not %d: somebody else writes into the schema", n, ops.Count(d.rows, "loan"), rows)
		}
		var seconds []float64
		for _, p := range d.parts {
			seconds = append(seconds, p.Seconds())
		}
		_, err = tx.Exec(ctx, o.in("INSERT INTO S.batches (number, first, rows, wrong, ead, ecl, seconds) VALUES ($1, $2, $3, $4, $5::text::numeric, $6::text::numeric, $7)"), n, first+1, rows, d.wrong, ead, ecl, seconds)
		return err
	})
	return d, err
}

// stateOf is the SQLSTATE of an error; empty: it is none of a server's.
func stateOf(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// passes reports whether an error is one of the connection or the moment: another attempt
// may do, and finds out what the last one came to.
func passes(err error) bool {
	_, ours := errors.AsType[*ops.Error](err)
	switch s := stateOf(err); {
	case s == "":
		return !ours
	case s == "57014", s == "57P01", s == "57P02", s == "57P03", s == "57P05", s == "53300", s == "25006", s == "23505":
		return true // ended or started by somebody, no session left, a standby yet, or committed by an attempt that was lost
	default:
		return strings.HasPrefix(s, "08") || strings.HasPrefix(s, "40")
	}
}
