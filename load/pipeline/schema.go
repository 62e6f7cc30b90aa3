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

// tables are all that is in such a schema.
func tables() []string {
	return []string{"portfolio", "grades", "products", "loans", "staging", "pd", "lgd", "ead", "ecl", "batches"}
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

// ours reports whether the schema is there. An error says why it may not be touched: it is not
// marked as the scenario's, or holds what is none of ours.
func (o Order) ours(ctx context.Context, c *pgx.Conn) (bool, error) {
	var comment *string
	err := c.QueryRow(ctx, "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1", o.schema()).Scan(&comment)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case comment == nil || *comment != o.mark():
		return true, ops.Errorf(ops.CodeDenied, "schema %s is there and is not marked as this scenario's: it is left alone", ops.Clean(o.schema())).Help("rename the scenario, or whoever made the schema removes it")
	}
	return true, o.foreign(ctx, c)
}

// look says what is there. An error says why a run may not touch it.
func (o Order) look(ctx context.Context, c *pgx.Conn) (s State, err error) {
	s.Left = o.Rows
	if s.Made, err = o.ours(ctx, c); err != nil || !s.Made {
		return s, err
	}
	var had Portfolio
	var seed string
	if err = c.QueryRow(ctx, o.in("SELECT rows, batch, preset, seed FROM S.portfolio")).Scan(&had.Rows, &had.Batch, &had.Preset, &seed); err != nil {
		return s, ops.Errorf(ops.CodeDenied, "what is loaded in schema %s cannot be read: %v", ops.Clean(o.schema()), err).Help("opsdeck load clean %s removes it", o.Scenario)
	}
	if had.Seed, err = strconv.ParseUint(seed, 10, 64); err != nil {
		return s, err
	}
	var done, marked int64
	if err = c.QueryRow(ctx, o.in("SELECT count(*), coalesce(sum(rows), 0)::bigint, (SELECT count(*) FROM S.loans) FROM S.batches")).Scan(&done, &marked, &s.Records); err != nil {
		return s, err
	}
	if marked != s.Records {
		return s, ops.Errorf(ops.CodeDenied, "schema %s holds %d loans, and its batches %d: somebody else wrote into it", ops.Clean(o.schema()), s.Records, marked).Help("opsdeck load clean %s removes it", o.Scenario)
	}
	if had == o.Portfolio && done < o.batches() {
		s.Batches, s.Left = done, o.Rows-marked
	}
	return s, nil
}

// foreign reports an object in the schema that is none of ours.
func (o Order) foreign(ctx context.Context, c *pgx.Conn) error {
	rows, err := c.Query(ctx, `SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind NOT IN ('i', 't')
		UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = $1::regnamespace
		UNION ALL SELECT typname FROM pg_type WHERE typnamespace = $1::regnamespace AND typrelid = 0 AND typelem = 0`, pgx.Identifier{o.schema()}.Sanitize())
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, n := range names {
		if !slices.Contains(tables(), n) {
			return ops.Errorf(ops.CodeDenied, "schema %s holds %s, which is not of this scenario: it is left alone", ops.Clean(o.schema()), ops.Clean(n)).Help("whoever made it has to remove it")
		}
	}
	return nil
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

// definitions are the tables of a schema.
func definitions() []string {
	result := func(table, column string) string {
		return "CREATE TABLE S." + table + " (id bigint PRIMARY KEY, " + column + " bigint NOT NULL)"
	}
	return []string{
		"CREATE TABLE S.portfolio (rows bigint NOT NULL, batch bigint NOT NULL, preset text NOT NULL, seed text NOT NULL)",
		"CREATE TABLE S.grades (grade bigint, years bigint, ppm bigint NOT NULL, PRIMARY KEY (grade, years))",
		"CREATE TABLE S.products (product text PRIMARY KEY, lgd_bp bigint NOT NULL, drawn_bp bigint NOT NULL)",
		`CREATE TABLE S.loans (id bigint PRIMARY KEY, product text NOT NULL, segment text NOT NULL, country text NOT NULL, currency text NOT NULL,
			originated date NOT NULL, matures date NOT NULL, principal bigint NOT NULL, balance bigint NOT NULL, undrawn bigint NOT NULL, rate_bp bigint NOT NULL,
			collateral bigint NOT NULL, days_past_due bigint NOT NULL, grade_origin bigint NOT NULL, grade bigint NOT NULL, unlikely_to_pay boolean NOT NULL,
			true_stage bigint NOT NULL, true_pd_ppm bigint NOT NULL, true_lgd_bp bigint NOT NULL, true_ead bigint NOT NULL, true_ecl bigint NOT NULL)`,
		result("staging", "stage"), result("pd", "ppm"), result("lgd", "bp"), result("ead", "cents"), result("ecl", "cents"),
		`CREATE TABLE S.batches (number bigint PRIMARY KEY, first bigint NOT NULL, rows bigint NOT NULL, wrong bigint NOT NULL, ead numeric NOT NULL, ecl numeric NOT NULL,
			seconds double precision[] NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())`,
	}
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
	var terms [][]any
	for grade := int64(1); grade <= loans.Default; grade++ {
		for years := int64(1); years <= loans.Longest; years++ {
			terms = append(terms, []any{grade, years, loans.Term(grade, years)})
		}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{o.schema(), "grades"}, []string{"grade", "years", "ppm"}, pgx.CopyFromRows(terms))
	return err
}

// remains are the tables of ours that are there, and how many loans, whoever wrote them.
func (o Order) remains(ctx context.Context, c *pgx.Conn) (r Remains, err error) {
	if r.Made, err = o.ours(ctx, c); err != nil || !r.Made {
		return r, err
	}
	rows, err := c.Query(ctx, "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r' ORDER BY relname", pgx.Identifier{o.schema()}.Sanitize())
	if err == nil {
		r.Tables, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err == nil && slices.Contains(r.Tables, "loans") {
		err = c.QueryRow(ctx, o.in("SELECT count(*) FROM S.loans")).Scan(&r.Records)
	}
	return r, err
}

// Remains are what a removal finds.
type Remains struct {
	Made    bool
	Tables  []string
	Records int64
}

// clean removes the schema, and nothing that is not ours: what depends on it from elsewhere
// keeps it.
func (o Order) clean(ctx context.Context, c *pgx.Conn, r Remains) error {
	return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		for _, step := range o.removal(r) {
			if _, err := tx.Exec(ctx, step.SQL.String()); err != nil {
				return err
			}
		}
		return nil
	})
}
