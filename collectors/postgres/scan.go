package postgres

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"

	"opsdeck/ops"
)

// Destinations of a row's columns, which turn them into what the domain has. NULL
// is the empty text, the unknown figure and the zero time.
type (
	textTo   struct{ *ops.Text }
	sqlTo    struct{ *ops.Text } // a statement: its constants and comments are hidden
	figureTo struct{ *ops.Value }
	timeTo   struct {
		to    *time.Time
		ahead time.Duration // of the server's clock before ours
	}
)

// Scan takes a text.
func (t textTo) Scan(src any) error {
	*t.Text = ops.CleanMasked(asText(src))
	return nil
}

// lineEnds are what statements are laid out with; a list has one line for each. A
// lone carriage return is none of them: it hides what stands before it.
var lineEnds = regexp.MustCompile(`[ \t]*(?:\r?\n|\t)[ \t]*`)

// Scan takes a statement.
func (t sqlTo) Scan(src any) error {
	*t.Text = ops.Clean(lineEnds.ReplaceAllString(maskSQL(asText(src)), " "))
	return nil
}

// asText is a value as text, as much of it as can be shown: to look for secrets in
// megabytes takes seconds.
func asText(src any) string {
	var s string
	switch v := src.(type) {
	case nil:
	case string:
		s = v
	case []byte:
		s = string(v)
	default:
		s = fmt.Sprint(src)
	}
	return s[:min(len(s), utf8.UTFMax*ops.MaxText)]
}

// Scan takes a number.
func (f figureTo) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*f.Value = ops.Value{}
	case int64:
		*f.Value = ops.Num(float64(v))
	case float64:
		*f.Value = ops.Num(v)
	default:
		n, err := strconv.ParseFloat(asText(src), 64)
		if err != nil {
			return err
		}
		*f.Value = ops.Num(n)
	}
	return nil
}

// Scan takes a moment of the server's.
func (t timeTo) Scan(src any) error {
	*t.to = time.Time{}
	if at, ok := src.(time.Time); ok {
		*t.to = at.Add(-t.ahead).UTC()
	}
	return nil
}

// moment is a destination for a moment of the server's by our clock.
func (r *reading) moment(to *time.Time) timeTo { return timeTo{to, r.ahead} }
