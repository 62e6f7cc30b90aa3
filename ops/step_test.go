package ops

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// hostile are values that no text read back would survive.
func hostile() []string {
	return []string{"", " ", "a b", "  two  spaces  ", `it's "quoted" \ twice`, "--option=x", "$(id) `id` ; | & > <", "{\"json\":[1]}",
		"(brackets)  (web)", "?t=10&signal=KILL", "証明書/ça", "a\nline", "\x1b]0;owned\x07", strings.Repeat("x y", 3400), strings.Repeat("長", 10_000)}
}

// stepOf sets every field of a step from one value.
func stepOf(v string) Step {
	t := CleanLine(v)
	return Step{How: StepExec, Argv: []Text{t, t}, RunAs: t, Dir: t, Env: []Text{t}, SQL: t, Method: t, Path: t,
		Query: []Param{{t, t}}, Body: t, Change: t, On: []Text{t}, Position: 1, Timeline: 1, Note: t}
}

func TestEveryFieldOfAStepCountsButItsNoteAndPosition(t *testing.T) {
	base := stepOf("x")
	s := reflect.TypeFor[Step]()
	for i := range s.NumField() {
		if reflect.ValueOf(base).Field(i).IsZero() {
			t.Fatalf("stepOf leaves %s out", s.Field(i).Name)
		}
		other := stepOf("x")
		reflect.ValueOf(&other).Elem().Field(i).SetZero()
		if note := s.Field(i).Name == "Note" || s.Field(i).Name == "Position"; other.Same(base) != note {
			t.Errorf("without its %s a step is the same: %v", s.Field(i).Name, !note)
		}
	}
}

func TestEveryFieldOfAPlanThatIsDoneCounts(t *testing.T) {
	base := Plan{Class: ClassDestructive, Title: Lit("t"), Steps: []Step{stepOf("x")}, Replaces: []Text{Lit("r")}, Locks: []Ref{NewRef(KindContainer, "d", "x")}}
	p := reflect.TypeFor[Plan]()
	for i := range p.NumField() {
		other, name := base, p.Field(i).Name
		v := reflect.ValueOf(&other).Elem().Field(i)
		counts := !v.IsZero() // what base has is what is compared
		if v.SetZero(); name == "Notes" || name == "Warnings" {
			v.Set(reflect.ValueOf([]Text{Lit("12 GB, about 4 min")}))
		}
		if base.Same(other) == counts {
			t.Errorf("%s counts: %v", name, !counts)
		}
	}
}

func TestStepsThatReadTheSameMayDoOtherThings(t *testing.T) {
	text := func(s string) Text { return CleanLine(s) }
	for name, pair := range map[string][2]Step{
		"path and body":       {{Method: text("POST"), Path: text("/x a")}, {Method: text("POST"), Path: text("/x"), Body: text("a")}},
		"query and path":      {{Method: text("POST"), Path: text("/x?t=1")}, {Method: text("POST"), Path: text("/x"), Query: []Param{{text("t"), text("1")}}}},
		"account and note":    {{How: StepExec, Argv: []Text{text("id")}, RunAs: text("root")}, {How: StepExec, Argv: []Text{text("id")}, Note: text("as root")}},
		"folder and variable": {{How: StepExec, Argv: []Text{text("id")}, Dir: text("/a, with B")}, {How: StepExec, Argv: []Text{text("id")}, Dir: text("/a"), Env: []Text{text("B")}}},
		"whom it is about":    {{How: StepSQL, SQL: text("SELECT 1"), On: []Text{text("47")}}, {How: StepSQL, SQL: text("SELECT 1"), On: []Text{text("48")}}},
	} {
		if a, b := pair[0].Text(), pair[1].Text(); a != b {
			t.Errorf("%s: %q and %q do not even read the same", name, a, b)
		}
		if pair[0].Same(pair[1]) {
			t.Errorf("%s: taken for the same", name)
		}
	}
}

func TestAStepComesOverTheWireAsItWas(t *testing.T) {
	for _, v := range hostile() {
		s := stepOf(v)
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Step
		if err := json.Unmarshal(b, &back); err != nil || !back.Same(s) || back.Note != s.Note {
			t.Errorf("%.60q: %.200s, %v", v, b, err)
		}
	}
}

func TestAnArgumentIsExactOrRefused(t *testing.T) {
	for _, v := range append(hostile(), strings.Repeat("x", MaxLine+1)) {
		argv, err := Argv("prog", v)
		visible := !strings.ContainsAny(v, "\n\x1b") && len([]rune(v)) <= MaxLine
		if (err == nil) != visible {
			t.Errorf("%.60q: %v", v, err)
		}
		if err == nil && argv[1].String() != v {
			t.Errorf("%.60q became %.60q", v, argv[1])
		}
	}
}

func TestHowStepsRead(t *testing.T) {
	text := func(s string) Text { return CleanLine(s) }
	for want, s := range map[string]Step{
		"POST /v1.41/containers/50c7b94fa591/restart?t=10  (web)": {Method: text("POST"), Path: text("/v1.41/containers/50c7b94fa591/restart"), Query: []Param{{text("t"), text("10")}}, Note: text("web")},
		"POST /x?a=b+c&d=%26": {Method: text("POST"), Path: text("/x"), Query: []Param{{text("a"), text("b c")}, {text("d"), text("&")}}},
		`POST /api {"a":1}`:   {Method: text("POST"), Path: text("/api"), Body: text(`{"a":1}`)},
		"CHECKPOINT":          {How: StepSQL, SQL: text("CHECKPOINT")},
		"forget it":           {How: StepHere, Change: text("forget it")},
		`docker --tlscacert '/my certs/it'\''s.pem' exec -it web sh`: {How: StepExec, Argv: []Text{text("docker"), text("--tlscacert"), text("/my certs/it's.pem"), text("exec"), text("-it"), text("web"), text("sh")}},
		"pgbackrest --stanza=main '' backup  (as postgres, in /var/lib, with PGPASSFILE TZ, about 4 min)": {How: StepExec, Argv: []Text{text("pgbackrest"), text("--stanza=main"), {}, text("backup")},
			RunAs: text("postgres"), Dir: text("/var/lib"), Env: []Text{text("PGPASSFILE"), text("TZ")}, Note: text("about 4 min")},
	} {
		if got := s.Text().String(); got != want {
			t.Errorf("%s\n%s", got, want)
		}
	}
}

func TestARecordTellsItsStepsFirst(t *testing.T) {
	r := Record{Steps: []Step{{How: StepSQL, SQL: Lit("CHECKPOINT")}}, Facts: []Fact{{Name: Lit("replaces"), Value: Lit("nothing")}}}
	if got := r.Told(); len(got) != 2 || got[0].Name.String() != "sql" || got[0].Value.String() != "CHECKPOINT" || got[1] != r.Facts[0] {
		t.Errorf("%v", got)
	}
}
