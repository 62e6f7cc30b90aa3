package pgfake

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
)

// Reply is what a statement gets. The zero value is a statement that succeeded and has
// no rows.
type Reply struct {
	After   time.Duration // how long it takes; without a bubble of testing/synctest the test takes as long
	Notice  string        // said before the rows; empty: nothing
	Columns []Column      // none: the statement is none that has rows
	Rows    [][]any       // a value for each column; see Column
	End     End

	failure *failure
}

// Column is one column of a reply. Values are what they are in Go and are written as
// PostgreSQL writes them; nil is NULL, and a string is written as it is.
type Column struct {
	Name string
	Type string // as pg_type has it: int8, timestamptz, _int4
}

// End is how a reply ends.
type End uint8

// Ends of a reply. A reply that is cut or silent is so after its rows.
const (
	Complete End = iota
	Cut          // the connection breaks in the middle of the next message
	Silent       // nothing follows, and the connection stays
)

// failure is an error as the server sends it.
type failure struct{ severity, code, message, routine string }

func (f failure) response() *pgproto3.ErrorResponse {
	return &pgproto3.ErrorResponse{Severity: f.severity, SeverityUnlocalized: f.severity, Code: f.code, Message: f.message, Routine: f.routine}
}

// Error is the reply to a statement that fails before it has a row.
func Error(code, message string) Reply { return Reply{}.Failing(code, message) }

// Failing is r with an error after its rows.
func (r Reply) Failing(code, message string) Reply {
	r.failure = &failure{severity: "ERROR", code: code, message: message}
	return r
}

// In is r whose error comes from this routine of the server's source.
func (r Reply) In(routine string) Reply {
	f := *r.failure
	f.routine = routine
	r.failure = &f
	return r
}

// Fatal is the reply that ends the session.
func Fatal(code, message string) Reply {
	return Reply{failure: &failure{severity: "FATAL", code: code, message: message}}
}

// With is r with these rows in the place of its own.
func (r Reply) With(rows ...[]any) Reply {
	r.Rows = rows
	return r
}

// description is what goes before the rows.
func (r Reply) description() *pgproto3.RowDescription {
	d := &pgproto3.RowDescription{}
	types := pgtype.NewMap()
	for _, c := range r.Columns {
		oid := uint32(pgtype.UnknownOID)
		if known, ok := types.TypeForName(c.Type); ok {
			oid = known.OID
		}
		d.Fields = append(d.Fields, pgproto3.FieldDescription{Name: []byte(c.Name), DataTypeOID: oid, DataTypeSize: -1, TypeModifier: -1})
	}
	return d
}

func rowOf(values []any) *pgproto3.DataRow {
	row := &pgproto3.DataRow{}
	for _, v := range values {
		row.Values = append(row.Values, Written(v))
	}
	return row
}

// Written is a value as the server writes it.
func Written(v any) []byte {
	switch v := v.(type) {
	case nil:
		return nil
	case bool:
		return []byte(map[bool]string{true: "t", false: "f"}[v])
	case time.Time:
		return []byte(v.UTC().Format("2006-01-02 15:04:05.999999+00"))
	case []int:
		all := make([]string, len(v))
		for i, n := range v {
			all[i] = strconv.Itoa(n)
		}
		return []byte("{" + strings.Join(all, ",") + "}")
	}
	return fmt.Append([]byte{}, v) // the empty text is not NULL
}

// encoded is a message in bytes.
func encoded(m pgproto3.BackendMessage) []byte {
	b, err := m.Encode(nil)
	if err != nil { // it is longer than the protocol allows
		return nil
	}
	return b
}
