package report

import (
	"time"

	"opsdeck/ops"
)

// standing says how a source stands: "docker SILENT", and how old its last
// value is where there is one: "4m ago, docker SILENT".
func standing(source ops.Text, s ops.SourceState, at, now time.Time) string {
	word := source.Or(ops.Lit("source")).String() + " " + StateWord(s, false)
	if at.IsZero() {
		return word
	}
	return Age(at, now) + " ago, " + word
}

func why(t ops.Text) string {
	if t.Empty() {
		return ""
	}
	return ": " + t.String()
}
