package pgfake

import (
	"reflect"
	"testing"
	"time"
)

func TestARecordingSaysWhatWasRecorded(t *testing.T) {
	at := time.Date(2026, 11, 21, 2, 14, 0, 250_000_000, time.UTC)
	r := Reply{Columns: []Column{{"a", "text"}, {"?column?", "timestamptz"}, {"b", "_int4"}}}
	said := Recording("odd", r.With([]any{"tab\there, line\nhere, back\\nslash", at, []int{1, 0}}, []any{"", nil, []int{}})) + "\n" + Recording("none", r)
	got, err := Recorded(said)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]any{{"tab\there, line\nhere, back\\nslash", "2026-11-21 02:14:00.25+00", "{1,0}"}, {"", nil, "{}"}}
	if !reflect.DeepEqual(got["odd"].Rows, want) || !reflect.DeepEqual(got["odd"].Columns, r.Columns) || got["none"].Rows != nil {
		t.Errorf("%+v of\n%s", got, said)
	}
	for _, bad := range []string{"sizes\na text\n", "# sizes", "# sizes\na text\tb text\n1\n"} {
		if _, err := Recorded(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
