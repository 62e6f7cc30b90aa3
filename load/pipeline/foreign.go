package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"opsdeck/load/loans"
	"opsdeck/ops"
)

// ourTables are the tables of a schema, $1, that can be of ours by their names, $2.
const ourTables = "(SELECT oid FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r' AND relname = ANY($2))"

// strangers are what the schema holds, or its tables carry, and a removal would take along, beside
// what a run makes: whatever the server says depends on it.
const strangers = `SELECT i.type || ' ' || coalesce(i.name, i.identity) FROM (
	SELECT classid, objid, objsubid FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = $1::regnamespace
		AND NOT (classid = 'pg_class'::regclass AND objid IN ` + ourTables + `)
	UNION SELECT classid, objid, objsubid FROM pg_depend d WHERE refclassid = 'pg_class'::regclass AND refobjid IN ` + ourTables + ` AND deptype <> 'n'
		AND classid <> 'pg_type'::regclass
		AND NOT EXISTS (SELECT FROM pg_class WHERE oid = d.objid AND d.classid = 'pg_class'::regclass AND relkind = 't')
		AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.oid = d.objid AND d.classid = 'pg_constraint'::regclass AND (k.contype = 'n' OR k.contype = 'p' AND k.conname = ANY($3)))
		AND NOT EXISTS (SELECT FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
			WHERE f.oid = d.objid AND d.classid = 'pg_attrdef'::regclass AND a.attname = 'at')
	) d, pg_identify_object(d.classid, d.objid, d.objsubid) i ORDER BY 1 LIMIT 1`

// foreign reports what is in the schema and none of ours: an object, or a column.
func (o Order) foreign(ctx context.Context, tx pgx.Tx) error {
	schema := pgx.Identifier{o.schema()}.Sanitize()
	known := map[column]bool{}
	var keys []string
	for _, t := range layout() {
		if t.key != "" {
			keys = append(keys, t.name+"_pkey")
		}
		for _, c := range t.columns {
			known[column{t.name + "." + c.name, c.is}] = true
		}
	}
	rows, err := tx.Query(ctx, strangers, schema, tables(), keys)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return o.strange(found[0])
	}
	rows, err = tx.Query(ctx, `SELECT c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE a.attrelid IN `+ourTables+` AND a.attnum > 0 AND NOT a.attisdropped`, schema, tables())
	if err != nil {
		return err
	}
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.is); err != nil {
			return err
		}
		if !known[c] {
			rows.Close()
			return o.strange("column " + c.name + " (" + c.is + ")")
		}
	}
	return rows.Err()
}

// strange refuses a schema for what it holds.
func (o Order) strange(what string) error {
	return ops.Errorf(ops.CodeDenied, "schema %s holds %s, which is not of this scenario: it is left alone", ops.Clean(o.schema()), ops.Clean(what)).Help("whoever made it has to remove it")
}

// inside is what the tables of a schema hold: all their rows, which are of ours.
type inside struct {
	rows    map[string]int64 // by table
	batches int64
	marked  int64 // loans that these have
}

// count counts the rows of the tables that there are, and reports those that no run has written. A row
// of a loan is ours where the transaction wrote it that wrote its batch, and wrote it last.
func (o Order) count(ctx context.Context, tx pgx.Tx, have []string) (in inside, err error) {
	in.rows = map[string]int64{}
	for _, t := range layout() {
		if !slices.Contains(have, t.name) {
			continue
		}
		all, others := int64(0), int64(0)
		switch {
		case t.name == "portfolio":
			err = tx.QueryRow(ctx, o.in("SELECT count(*) FROM S.portfolio")).Scan(&all)
			others = max(0, all-1)
		case t.name == "grades" || t.name == "products":
			all, others, err = o.fixed(ctx, tx, t)
		case t.name == "batches":
			written := "false"
			if slices.Contains(have, "loans") {
				written = "NOT EXISTS (SELECT FROM S.loans l WHERE l.id = b.first AND l.xmin = b.xmin)"
			}
			err = tx.QueryRow(ctx, o.in("SELECT count(*), coalesce(sum(rows), 0)::bigint, count(*) FILTER (WHERE "+written+") FROM S.batches b")).Scan(&in.batches, &in.marked, &others)
			all = in.batches
		case slices.Contains(have, "batches"):
			err = tx.QueryRow(ctx, o.in("SELECT count(*), count(*) FILTER (WHERE b.number IS NULL) FROM S."+t.name+" t LEFT JOIN S.batches b ON b.xmin = t.xmin AND t.id BETWEEN b.first AND b.first + b.rows - 1")).Scan(&all, &others)
		default: // nothing says whose they are
			err = tx.QueryRow(ctx, o.in("SELECT count(*) FROM S."+t.name)).Scan(&all)
			others = all
		}
		if err != nil {
			return in, err
		}
		if others > 0 {
			return in, ops.Errorf(ops.CodeDenied, "table %s of schema %s holds %s that no run of this scenario wrote: it is left alone", t.name, ops.Clean(o.schema()), ops.Count(others, "row")).
				Help("whoever wrote into it has to remove that")
		}
		in.rows[t.name] = all
	}
	return in, nil
}

// fixed counts the rows of a table that the model says, and those of it that are others.
func (o Order) fixed(ctx context.Context, tx pgx.Tx, t table) (all, others int64, err error) {
	known := map[string]bool{}
	sql := "SELECT concat_ws(' ', product, lgd_bp, drawn_bp) FROM S.products"
	for _, p := range loans.Products() {
		known[fmt.Sprint(p.Name, " ", p.LGD, " ", p.Drawn)] = true
	}
	if t.name == "grades" {
		known, sql = map[string]bool{}, "SELECT concat_ws(' ', grade, years, ppm) FROM S.grades"
		for _, term := range terms() {
			known[fmt.Sprint(term...)] = true
		}
	}
	rows, err := tx.Query(ctx, o.in(sql))
	if err != nil {
		return 0, 0, err
	}
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			return 0, 0, err
		}
		if all++; !known[row] {
			others++
		}
	}
	return all, others, rows.Err()
}
