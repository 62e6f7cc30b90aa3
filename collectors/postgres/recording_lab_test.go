//go:build lab

package postgres

import (
	"context"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"opsdeck/internal/pgfake"
	"opsdeck/internal/postgrestest"
)

var update = flag.Bool("update", false, "write what the server answers into testdata")

// TestTheRecordedAnswersAreThoseOfTheServer compares what the fake server of the tests
// without a lab answers with a real server's: the columns of each part and their types.
func TestTheRecordedAnswersAreThoseOfTheServer(t *testing.T) {
	s := postgrestest.Start(t, "shared_preload_libraries=pg_stat_statements", "wal_level=replica", "max_wal_senders=4", "max_prepared_transactions=2", "archive_mode=on", "archive_command=false")
	s.Standby("standby1")
	s.Exec("postgres", "CREATE EXTENSION pg_stat_statements")
	s.Exec("app", "UPDATE public.loans SET e = e + 1 WHERE id > 50")
	s.Exec("postgres", "SELECT pg_switch_wal()")
	s.Exec("postgres", "ALTER ROLE app CONNECTION LIMIT 20")
	s.Exec("app", "BEGIN; UPDATE public.loans SET e = e + 1 WHERE id = 2; PREPARE TRANSACTION 'close'")
	s.Exec("postgres", "CREATE SUBSCRIPTION orders CONNECTION 'host=/nowhere' PUBLICATION orders WITH (connect = false)")
	s.Holds("nightly", []int{1}, 0)
	s.Holds("report", nil, 1)
	c := collector(t, s, "reader")
	s.Until("there is something in each part", func() bool {
		d := collect(t, c)
		return len(d.Replicas) == 1 && len(d.Slots) == 1 && len(d.Subscriptions) == 1 && d.Archiver.Failing() && len(collect(t, collector(t, s, "reader")).Tables) > 0
	})
	s.Exec("postgres", "SELECT pg_stat_statements_reset()")
	s.Exec("app", "SELECT count(*) FROM public.loans a, public.loans b, public.loans c WHERE a.e > 0")
	var said []string
	recorded := map[string]pgfake.Reply{}
	if !*update {
		recorded = recordedAnswers(t)
	}
	err := c.reader.use(t.Context(), func(ctx context.Context, k conn) error {
		for _, p := range parts(k.version, c.look.ext.version, c.look.ext.schema) {
			r, err := record(ctx, k.Conn, p.sql)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			said = append(said, pgfake.Recording(p.name, r))
			if !*update && !reflect.DeepEqual(r.Columns, recorded[p.name].Columns) {
				t.Errorf("%s: the server has the columns %v, the recording %v", p.name, r.Columns, recorded[p.name].Columns)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !*update {
		return
	}
	if err := os.WriteFile("testdata/postgres15.txt", []byte(strings.Join(said, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// recordedRows is how many rows of a part a recording keeps.
const recordedRows = 4

// record asks a real server. Without a description of what it wants, it gets text.
func record(ctx context.Context, k *pgx.Conn, sql string) (pgfake.Reply, error) {
	res := k.PgConn().ExecParams(ctx, sql, nil, nil, nil, nil)
	var r pgfake.Reply
	for _, f := range res.FieldDescriptions() {
		kind := "unknown"
		if known, ok := pgtype.NewMap().TypeForOID(f.DataTypeOID); ok {
			kind = known.Name
		}
		r.Columns = append(r.Columns, pgfake.Column{Name: f.Name, Type: kind})
	}
	for res.NextRow() {
		var row []any
		for _, v := range res.Values() {
			if v == nil {
				row = append(row, nil)
			} else {
				row = append(row, string(v))
			}
		}
		if len(r.Rows) < recordedRows {
			r.Rows = append(r.Rows, row)
		}
	}
	_, err := res.Close()
	return r, err
}
