package report_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

var update = flag.Bool("update", false, "write the golden files anew")

func written(t *testing.T, board, view, format string) string {
	t.Helper()
	return inFormat(t, report.New(fixture.Named(board), fixture.Now, view), format)
}

func inFormat(t *testing.T, s report.Snapshot, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, s, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSnapshotsAreAsTheGoldenFilesSay(t *testing.T) {
	for _, format := range []string{"text", "markdown", "nagios"} {
		for _, board := range []string{"good", "silent", "failing", "local", "hostile", "paged", "lying", "gone", "locked", "exhausted", "unread"} {
			for _, view := range []string{"overview", "containers", "alerts", "silences", "databases"} {
				if view != "overview" && format == "nagios" || kind(view) != kindOf(board) && board != "hostile" && view != "overview" {
					continue
				}
				name := fmt.Sprintf("%s-%s.%s", board, view, format)
				t.Run(name, func(t *testing.T) { golden(t, name, written(t, board, view, format)) })
			}
		}
	}
}

// Documents are read by programs: one of each view shows the shape, with the first
// rows of each table, and TestEveryDatumOfADocumentCanBeTrustedOrNot asks the rest
// of every board.
func TestDocumentsAreAsTheGoldenFilesSay(t *testing.T) {
	const rows = 3
	boards := map[string]string{"alerts": "paged", "silences": "paged", "databases": "locked", "loads": "loaded", "handover": "paged"}
	for _, view := range append(report.Views(), "handover") {
		b := fixture.Named(cmp.Or(boards[view], "failing"))
		s := report.New(b, fixture.Now, view)
		if view == "handover" {
			s = report.Handover(b, b.Changes, fixture.Now.Add(-time.Hour), fixture.Now)
		}
		for i := range s.Tables {
			s.Tables[i].Rows = s.Tables[i].Rows[:min(rows, len(s.Tables[i].Rows))]
		}
		t.Run(view, func(t *testing.T) { golden(t, view+".json", inFormat(t, s, "json")) })
	}
}

// kind and kindOf pair what belongs together, so that the golden files stay few
// enough to be read.
func kind(view string) string {
	switch view {
	case "alerts", "silences":
		return "alerts"
	case "databases":
		return "databases"
	}
	return "others"
}

func kindOf(board string) string {
	switch board {
	case "paged", "lying", "gone":
		return "alerts"
	case "locked", "exhausted", "unread":
		return "databases"
	}
	return "others"
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s:\n%s", path, got)
	}
}

func TestSnapshotsAreTheSameBytesEachTime(t *testing.T) {
	for _, format := range report.Formats() {
		first := written(t, "failing", "overview", format)
		for range 5 {
			if written(t, "failing", "overview", format) != first {
				t.Fatalf("%s differs", format)
			}
		}
	}
}

func TestTextFitsEightyColumnsWithoutEscapes(t *testing.T) {
	for _, board := range fixture.Names() {
		for _, view := range report.Views() {
			for i, l := range strings.Split(written(t, board, view, "text"), "\n") {
				if w := ansi.StringWidth(l); w > 80 {
					t.Errorf("%s %s line %d is %d wide: %s", board, view, i, w, l)
				}
				if strings.ContainsAny(l, "\x1b\x07\r") || l != strings.TrimRight(l, " ") {
					t.Errorf("%s %s line %d: %q", board, view, i, l)
				}
			}
		}
	}
}

func TestMarkdownTablesKeepTheirColumnsWhateverCellsHold(t *testing.T) {
	for _, board := range fixture.Names() {
		cells := 0
		for _, l := range strings.Split(written(t, board, "containers", "markdown"), "\n") {
			if !strings.HasPrefix(l, "|") {
				cells = 0
				continue
			}
			n := strings.Count(strings.ReplaceAll(l, `\|`, ""), "|")
			if cells != 0 && n != cells {
				t.Errorf("%s: %d bars instead of %d: %s", board, n, cells, l)
			}
			cells = n
		}
	}
}

func TestEveryFormatSaysThatNothingIsReal(t *testing.T) {
	for format, want := range map[string]string{"text": "opsdeck  shop-eu  SIMULATED  ", "markdown": "opsdeck shop-eu SIMULATED\n", "nagios": " - SIMULATED shop-eu ", "json": `"simulated": true`} {
		if got := written(t, "simulated", "overview", format); !strings.Contains(got, want) {
			t.Errorf("%s does not say so: %.200s", format, got)
		}
		if got := written(t, "paged", "overview", format); strings.Contains(strings.ToLower(got), "simulated") {
			t.Errorf("%s says so of what is real: %.200s", format, got)
		}
	}
	b := fixture.Simulated()
	if got := report.Handover(b, nil, fixture.Now, fixture.Now); !got.Simulated {
		t.Error("a handover does not say so")
	}
}

func TestNagiosIsOneLineWithOneBar(t *testing.T) {
	for _, board := range append(fixture.Names(), "simulated") {
		got := written(t, board, "overview", "nagios")
		if strings.Count(got, "\n") != 1 || strings.Count(got, "|") != 1 || !strings.HasPrefix(got, "OPSDECK ") {
			t.Errorf("%s: %q", board, got)
		}
	}
	if got := written(t, "silent", "overview", "nagios"); !strings.Contains(got, "containers_running=U") {
		t.Errorf("a silent source still gives figures: %s", got)
	}
}

func TestJSONConformsToItsPublishedSchema(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(report.SnapshotSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	v := validator{schema}
	for _, board := range append(fixture.Names(), "simulated") {
		for _, view := range report.Views() {
			var doc any
			if err := json.Unmarshal([]byte(written(t, board, view, "json")), &doc); err != nil {
				t.Fatal(err)
			}
			for _, fault := range v.check("$", doc, schema) {
				t.Errorf("%s %s: %s", board, view, fault)
			}
		}
	}
	if faults := v.check("$", map[string]any{"schema": "other", "extra": 1.0}, schema); len(faults) < 3 {
		t.Errorf("the validator lets anything pass: %v", faults)
	}
}

// validator checks the part of JSON schema that ours uses, and that nothing is
// written that the schema does not name.
type validator struct{ root map[string]any }

func (v validator) check(at string, doc any, schema map[string]any) []string {
	if ref, ok := schema["$ref"].(string); ok {
		return v.check(at, doc, v.root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any))
	}
	var faults []string
	fault := func(format string, args ...any) {
		faults = append(faults, at+": "+fmt.Sprintf(format, args...))
	}
	if c, ok := schema["const"]; ok && c != doc {
		fault("is %v, not %v", doc, c)
	}
	if e, ok := schema["enum"].([]any); ok && !slices.Contains(e, doc) {
		fault("%v is not one of %v", doc, e)
	}
	if want, ok := schema["type"]; ok && !oneOf(typeOf(doc), want) {
		fault("is a %s, not %v", typeOf(doc), want)
	}
	if n, ok := doc.(float64); ok && schema["minimum"] != nil && n < schema["minimum"].(float64) {
		fault("%v is too small", n)
	}
	switch d := doc.(type) {
	case []any:
		items, _ := schema["items"].(map[string]any)
		for i, e := range d {
			faults = append(faults, v.check(fmt.Sprintf("%s[%d]", at, i), e, items)...)
		}
	case map[string]any:
		faults = append(faults, v.object(at, d, schema)...)
	}
	return faults
}

func (v validator) object(at string, doc, schema map[string]any) []string {
	var faults []string
	required, _ := schema["required"].([]any)
	for _, r := range required {
		if _, ok := doc[r.(string)]; !ok {
			faults = append(faults, fmt.Sprintf("%s: %v is missing", at, r))
		}
	}
	known, _ := schema["properties"].(map[string]any)
	rest, _ := schema["additionalProperties"].(map[string]any)
	for k, e := range doc {
		s, ok := known[k].(map[string]any)
		if !ok && rest == nil {
			faults = append(faults, fmt.Sprintf("%s: %s is not in the schema", at, k))
			continue
		}
		if !ok {
			s = rest
		}
		faults = append(faults, v.check(at+"."+k, e, s)...)
	}
	return faults
}

func typeOf(doc any) string {
	switch doc.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "array"
	}
	return "object"
}

func oneOf(have string, want any) bool {
	if list, ok := want.([]any); ok {
		return slices.Contains(list, any(have))
	}
	return want == any(have)
}

func TestTheGuideListsEveryViewAndFormat(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "docs", "guide", "headless.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range append(report.Views(), report.Formats()...) {
		if !strings.Contains(string(guide), "`"+word+"`") {
			t.Errorf("the guide does not list %s", word)
		}
	}
}

func TestAnUnknownFormatNamesTheOnesThereAre(t *testing.T) {
	err := report.Write(&bytes.Buffer{}, report.Snapshot{}, "xml")
	if err == nil || !strings.Contains(err.Error(), "nagios") {
		t.Errorf("%v", err)
	}
}
