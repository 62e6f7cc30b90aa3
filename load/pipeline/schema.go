package pipeline

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"opsdeck/load/loans"
	"opsdeck/ops"
)

// longestName is how long a name of PostgreSQL's may be; what is longer it cuts.
const longestName = 63

// schema is the name of the schema of a scenario.
func (o Order) schema() string { return "opsdeck_load_" + o.Scenario }

// mark is what says that a schema is ours, and whose.
func (o Order) mark() string {
	return "opsdeck: synthetic loans of load scenario " + o.Scenario + "; opsdeck load clean removes it"
}

// in writes SQL for the scenario's schema, which stands in it as S.
func (o Order) in(sql string) string {
	return strings.ReplaceAll(sql, "S.", pgx.Identifier{o.schema()}.Sanitize()+".")
}

// State is what is in the database of a scenario already.
type State struct {
	Made    bool  `json:"made"`    // the schema is there
	Records int64 `json:"records"` // in it
	Batches int64 `json:"batches"` // committed of the portfolio that is to be loaded; 0: of another one, or all
	Left    int64 `json:"left"`    // records that a run has to do
}

// ours are the tables of the schema, where it is there. An error says why it may not be touched: it
// is not marked as the scenario's, or holds what is none of ours.
func (o Order) ours(ctx context.Context, tx pgx.Tx) (made bool, have []string, err error) {
	var comment *string
	err = tx.QueryRow(ctx, "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1", o.schema()).Scan(&comment)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil, nil
	case err != nil:
		return false, nil, err
	case comment == nil || *comment != o.mark():
		return true, nil, ops.Errorf(ops.CodeDenied, "schema %s is there and is not marked as this scenario's: it is left alone", ops.Clean(o.schema())).Help("rename the scenario, or whoever made the schema removes it")
	}
	if err := o.foreign(ctx, tx); err != nil {
		return true, nil, err
	}
	rows, err := tx.Query(ctx, "SELECT relname::text FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r' ORDER BY relname", pgx.Identifier{o.schema()}.Sanitize())
	if err == nil {
		have, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	return true, have, err
}

// looked gives f one picture of the database that nobody changes meanwhile.
func looked(ctx context.Context, c *pgx.Conn, f func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f)
}

// look says what is there. An error says why a run may not touch it.
func (o Order) look(ctx context.Context, c *pgx.Conn) (s State, err error) {
	err = looked(ctx, c, func(tx pgx.Tx) error { s, err = o.state(ctx, tx); return err })
	return s, err
}

// state is what is there.
func (o Order) state(ctx context.Context, tx pgx.Tx) (s State, err error) {
	s.Left = o.Rows
	var have []string
	if s.Made, have, err = o.ours(ctx, tx); err != nil || !s.Made {
		return s, err
	}
	denied := func(format string, args ...any) error {
		return ops.Errorf(ops.CodeDenied, "schema %s "+format, append([]any{ops.Clean(o.schema())}, args...)...).Help("opsdeck load clean %s removes it", o.Scenario)
	}
	for _, t := range tables() {
		if !slices.Contains(have, t) {
			return s, denied("has lost table %s", t)
		}
	}
	in, err := o.count(ctx, tx, have)
	if err != nil {
		return s, err
	}
	s.Records = in.rows["loans"]
	for _, t := range layout() {
		want := in.marked
		switch t.name {
		case "portfolio":
			want = 1
		case "grades":
			want = int64(len(terms()))
		case "products":
			want = int64(len(loans.Products()))
		case "batches":
			want = in.batches
		}
		if got := in.rows[t.name]; got != want {
			return s, denied("has %s in table %s, and runs wrote %d: somebody took some", ops.Count(got, "row"), t.name, want)
		}
	}
	var had Portfolio
	var seed string
	if err = tx.QueryRow(ctx, o.in("SELECT rows, batch, preset, seed FROM S.portfolio")).Scan(&had.Rows, &had.Batch, &had.Preset, &seed); err != nil {
		return s, denied("does not say what is loaded in it: %v", err)
	}
	if had.Seed, err = strconv.ParseUint(seed, 10, 64); err != nil {
		return s, err
	}
	if had == o.Portfolio && in.batches < o.batches() {
		s.Batches, s.Left = in.batches, o.Rows-in.marked
	}
	return s, nil
}

// prepare has the schema be there, marked, and hold nothing but batches that the run goes on
// behind. It is whole or not at all.
func (o Order) prepare(ctx context.Context, c *pgx.Conn, s State) error {
	switch {
	case s.Batches > 0:
		return nil
	case s.Made:
		return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, o.in("TRUNCATE S."+strings.Join(tables(), ", S.")))
			return errors.Join(err, o.fill(ctx, tx))
		})
	}
	err := pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		schema := pgx.Identifier{o.schema()}.Sanitize()
		all := []string{"CREATE SCHEMA " + schema, "COMMENT ON SCHEMA " + schema + " IS '" + strings.ReplaceAll(o.mark(), "'", "''") + "'"}
		for _, sql := range definitions() { // in is for these alone: a scenario's name may hold S.
			all = append(all, o.in(sql))
		}
		for _, sql := range all {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return o.fill(ctx, tx)
	})
	if stateOf(err) == "42501" {
		return ops.Errorf(ops.CodeDenied, "the login may not create a schema in database %s", ops.Clean(o.Database)).Help("GRANT CREATE ON DATABASE to it")
	}
	return err
}

// fill writes what the model knows, and which portfolio this is.
func (o Order) fill(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, o.in("INSERT INTO S.portfolio VALUES ($1, $2, $3, $4)"), o.Rows, o.Batch, o.Preset, strconv.FormatUint(o.Seed, 10)); err != nil {
		return err
	}
	for _, p := range loans.Products() {
		if _, err := tx.Exec(ctx, o.in("INSERT INTO S.products VALUES ($1, $2, $3)"), p.Name, p.LGD, p.Drawn); err != nil {
			return err
		}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{o.schema(), "grades"}, []string{"grade", "years", "ppm"}, pgx.CopyFromRows(terms()))
	return err
}

// terms are the rows of the grades.
func terms() (all [][]any) {
	for grade := int64(1); grade <= loans.Default; grade++ {
		for years := int64(1); years <= loans.Longest; years++ {
			all = append(all, []any{grade, years, loans.Term(grade, years)})
		}
	}
	return all
}

// Remains are what a removal finds.
type Remains struct {
	Made    bool
	Tables  []string
	Records int64
}

// remains are the tables of ours that are there, and how many loans. An error says why they stay.
func (o Order) remains(ctx context.Context, tx pgx.Tx) (r Remains, err error) {
	if r.Made, r.Tables, err = o.ours(ctx, tx); err != nil || !r.Made {
		return r, err
	}
	in, err := o.count(ctx, tx, r.Tables)
	r.Records = in.rows["loans"]
	return r, err
}

// clean removes the schema as planned, and nothing that is not ours: what depends on it from
// elsewhere keeps it. Nobody writes into a table between the look at it and its end.
func (o Order) clean(ctx context.Context, c *pgx.Conn, steps []ops.Step) error {
	return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		made, have, err := o.ours(ctx, tx)
		if err != nil {
			return err
		}
		if len(have) > 0 {
			if _, err := tx.Exec(ctx, o.in("LOCK TABLE S."+strings.Join(have, ", S.")+" IN ACCESS EXCLUSIVE MODE")); err != nil {
				return err
			}
		}
		r, err := o.remains(ctx, tx)
		if err != nil {
			return err
		}
		if !made || !slices.EqualFunc(steps, o.removal(r), ops.Step.Same) {
			return ops.Errorf(ops.CodeChanged, "what is in schema %s has changed since it was planned", ops.Clean(o.schema())).Help("plan it again")
		}
		for _, step := range steps {
			if _, err := tx.Exec(ctx, step.SQL.String()); err != nil {
				return err
			}
		}
		return nil
	})
}
