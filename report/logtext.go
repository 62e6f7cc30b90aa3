package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"opsdeck/ops"
)

// LogText says a log line short: of a JSON line the level, the message, and then
// what else it holds, without the time. Every other line stays as it is.
func LogText(line ops.Text) ops.Text {
	s := strings.TrimSpace(line.String())
	if !strings.HasPrefix(s, "{") {
		return line
	}
	var fields map[string]any
	if json.Unmarshal([]byte(s), &fields) != nil {
		return line
	}
	take := func(names ...string) string {
		for _, n := range names {
			if v, ok := fields[n]; ok {
				delete(fields, n)
				return fmt.Sprint(v)
			}
		}
		return ""
	}
	level, msg := take("level", "severity", "lvl"), take("msg", "message", "event")
	if msg == "" {
		return line
	}
	_ = take("time", "timestamp", "ts", "@timestamp")
	parts := []string{strings.ToUpper(level), msg}
	var names []string
	for n := range fields {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		parts = append(parts, fmt.Sprintf("%s=%v", n, fields[n]))
	}
	// JSON's escapes are decoded now, so what they hid is cleaned again.
	return ops.CleanLine(join(" ", parts...))
}
