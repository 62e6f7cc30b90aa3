package drill

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"opsdeck/ops"
)

// databasesSQL lists what can be asked, and which of it sorts by another version of its
// collation here than where it was written: 15 and later know that of a whole database.
func databasesSQL(major int) string {
	differs := "false"
	if major >= 15 {
		differs = "coalesce(datcollversion <> pg_database_collation_actual_version(oid), false)"
	}
	return "SELECT datname::text, " + differs + " FROM pg_database WHERE datallowconn ORDER BY 1 LIMIT 100"
}

// indexesSQL lists the indexes that are sorted by a collation of which that is so.
const indexesSQL = `SELECT DISTINCT i.oid::regclass::text FROM pg_collation c
 JOIN pg_depend d ON d.refclassid = 'pg_collation'::regclass AND d.refobjid = c.oid AND d.classid = 'pg_class'::regclass
 JOIN pg_class i ON i.oid = d.objid AND i.relkind = 'i'
 WHERE c.collversion <> pg_collation_actual_version(c.oid) ORDER BY 1 LIMIT 20`

// collations looks what would have to be reindexed before the copy serves anybody on this
// machine. It says nothing against the backup: what cannot be asked is left out.
func (r *drilled) collations(ctx context.Context, v *server) {
	c, err := v.login(ctx, r.Account, everyCluster)
	if err != nil {
		return
	}
	defer c.Close(ctx) //nolint:errcheck // it was read
	var major int
	if err := c.QueryRow(ctx, "SELECT current_setting('server_version_num')::int / 10000").Scan(&major); err != nil {
		return
	}
	type database struct {
		Name    string
		Differs bool
	}
	rows, _ := c.Query(ctx, databasesSQL(major)) // its error comes with its rows
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[database])
	if err != nil {
		return
	}
	for _, d := range all {
		if d.Differs {
			r.result.Reindex = append(r.result.Reindex, ops.Textf("all of %s", d.Name))
			continue
		}
		for _, name := range r.indexes(ctx, v, d.Name) {
			r.result.Reindex = append(r.result.Reindex, ops.Clean(fmt.Sprintf("%s in %s", name, d.Name)))
		}
	}
}

func (r *drilled) indexes(ctx context.Context, v *server, database string) []string {
	c, err := v.login(ctx, r.Account, database)
	if err != nil {
		return nil
	}
	defer c.Close(ctx)                  //nolint:errcheck // it was read
	rows, _ := c.Query(ctx, indexesSQL) // its error comes with its rows
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil
	}
	return all
}
