package report

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"opsdeck/ops"
)

// LogLine is a log line as it reads: what it says short, and how bad it calls
// itself.
type LogLine struct {
	Short ops.Text // of a JSON line its parts without the braces; else the line
	JSON  bool
	// Word is the level in one spelling: trace, debug, info, notice, warn, error,
	// fatal; empty where the line names none.
	Word string
}

// ReadLog reads one line.
func ReadLog(line ops.Text) LogLine {
	if level, short, ok := readJSON(line); ok {
		return LogLine{Short: short, JSON: true, Word: levelWord(level)}
	}
	return LogLine{Short: line, Word: levelIn(line.String())}
}

// LogText says a log line short: of a JSON line the level, the message, and then
// what else it holds, without the time. Every other line stays as it is.
func LogText(line ops.Text) ops.Text {
	if _, short, ok := readJSON(line); ok {
		return short
	}
	return line
}

// Tone is how a line of this level is painted.
func (l LogLine) Tone() Tone {
	switch l.Word {
	case "fatal", "error":
		return ToneCritical
	case "warn":
		return ToneWarning
	case "debug", "trace":
		return ToneMuted
	}
	return TonePlain
}

// Search is the text in which a filter looks: what was written, what is shown of
// it, and level and container as key=value.
func (l LogLine) Search(line ops.Line) string {
	s := line.Text.String()
	if l.JSON {
		s += "\n" + l.Short.String()
	}
	return s + "\nlevel=" + l.Word + "\nfrom=" + line.From.ID.String()
}

func readJSON(line ops.Text) (level string, short ops.Text, ok bool) {
	s := strings.TrimSpace(line.String())
	if !strings.HasPrefix(s, "{") {
		return "", line, false
	}
	var fields map[string]any
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber() // 1732222222 is an id, not 1.732222222e+09
	if dec.Decode(&fields) != nil || dec.More() {
		return "", line, false
	}
	take := func(names ...string) string {
		for _, n := range names {
			if v, ok := fields[n]; ok {
				delete(fields, n)
				return valueText(v)
			}
		}
		return ""
	}
	level, msg := take("level", "severity", "lvl"), take("msg", "message", "event")
	if msg == "" {
		return "", line, false
	}
	_ = take("time", "timestamp", "ts", "@timestamp")
	parts := []string{strings.ToUpper(level), msg}
	var names []string
	for n := range fields {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		parts = append(parts, n+"="+valueText(fields[n]))
	}
	// JSON's escapes are decoded now, so what they hid is cleaned again.
	return level, ops.CleanLine(join(" ", parts...)), true
}

// valueText writes what is within braces as JSON again, everything else plainly.
func valueText(v any) string {
	switch v.(type) {
	case map[string]any, []any:
		if b, err := json.Marshal(v); err == nil {
			return string(b)
		}
	}
	return fmt.Sprint(v)
}

// levelPlace finds the level of a line that is not JSON: a word in capitals or in
// brackets near its beginning, or level=word.
var levelPlace = regexp.MustCompile(`\b(?:level|lvl|severity)="?([A-Za-z]+)|[\[<]([A-Za-z]+)[\]>]|\b(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|CRIT|FATAL|PANIC|EMERG|ALERT)\b`)

// levelWithin is how far into a line its level is looked for: behind that, ERROR
// is more likely what the line talks about.
const levelWithin = 100

func levelIn(s string) string {
	for _, m := range levelPlace.FindAllStringSubmatch(s[:min(len(s), levelWithin)], 4) {
		for _, word := range m[1:] {
			if w := levelWord(word); w != "" {
				return w
			}
		}
	}
	return ""
}

// levelWord brings the words that loggers use into one spelling. Numbers are
// those of bunyan and pino.
func levelWord(s string) string {
	switch strings.ToLower(s) {
	case "trace", "10":
		return "trace"
	case "debug", "20":
		return "debug"
	case "info", "information", "30":
		return "info"
	case "notice":
		return "notice"
	case "warn", "warning", "40":
		return "warn"
	case "error", "err", "50":
		return "error"
	case "critical", "crit", "fatal", "panic", "emerg", "alert", "60":
		return "fatal"
	}
	return ""
}
