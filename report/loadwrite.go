package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"opsdeck/ops"
)

// LoadFormats lists what LoadRun takes.
func LoadFormats() []string { return []string{"text", "md", "csv", "json"} }

// LoadRun writes a kept run: as lines, as Markdown, its series as CSV, or all of it as JSON.
func LoadRun(w io.Writer, r ops.LoadReport, format string) error {
	k := r.Kept
	title := fmt.Sprintf("load run %s: %s on %s", k.Ref.ID, k.Scenario, k.Target)
	lines := append(append(append(KeptLines(k), KindLines(r)...), BesideLines(r)...), CompareLines(r.Compared)...)
	switch format {
	case "text":
		return writeLines(w, title, "", lines)
	case "md":
		return writeLines(w, "# "+md(title)+"\n", "    ", lines)
	case "csv":
		return loadSeries(w, r)
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return ops.Errorf(ops.CodeInvalid, "no format %q", ops.Clean(format)).Help("there are %s", strings.Join(LoadFormats(), ", "))
}

// LoadCompared writes a run beside another one.
func LoadCompared(w io.Writer, r ops.LoadReport) error {
	return writeLines(w, fmt.Sprintf("load run %s: %s on %s", r.Kept.Ref.ID, r.Kept.Scenario, r.Kept.Target), "", CompareLines(r.Compared))
}

func writeLines(w io.Writer, title, indent string, lines []Cell) error {
	out := title + "\n"
	for _, l := range lines {
		out += indent + l.Text + "\n"
	}
	_, err := io.WriteString(w, out)
	return err
}

// loadSeries writes a series, a point a line. Times are in seconds; a point in which nothing
// was answered has none.
func loadSeries(w io.Writer, r ops.LoadReport) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"at", "over", "planned", "sent", "dropped", "late", "done", "failed", "timed_out", "refused", "cut", "in_flight",
		"latency_p50", "latency_p90", "latency_p95", "latency_p99", "service_p50", "service_p90", "service_p95", "service_p99", "lower_bounds",
		"target_cpu", "target_memory", "target_sessions", "generator_memory", "new_connections", "same_host"}}
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	for _, p := range r.Series {
		row := []string{inSeconds(p.At), inSeconds(p.Over), n(p.Planned), n(p.Sent), n(p.Dropped), n(p.Late), n(p.Done), n(p.Failed), n(p.TimedOut), n(p.Refused), n(p.Cut), strconv.Itoa(p.InFlight)}
		for _, t := range []ops.LoadTimes{p.Latency, p.Service} {
			for _, v := range []time.Duration{t.P50, t.P90, t.P95, t.P99} {
				cell := ""
				if t.N > 0 && v >= 0 {
					cell = inSeconds(v)
				}
				row = append(row, cell)
			}
		}
		row = append(row, strconv.FormatBool(p.Latency.Lower))
		target := ops.TargetAt(r.Target, p.At)
		for _, v := range []ops.Value{target.CPU, target.Memory, target.Sessions, target.Generator} {
			cell := ""
			if v.Known {
				cell = strconv.FormatFloat(v.Value, 'f', -1, 64)
			}
			row = append(row, cell)
		}
		conns := ""
		if r.Kept.Health.CountsConns || p.Conns > 0 { // runs of earlier builds do not say so
			conns = n(p.Conns)
		}
		rows = append(rows, append(row, conns, strconv.FormatBool(len(r.Kept.Health.SameHost) > 0)))
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write series: %w", err)
	}
	return nil
}

func inSeconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }
