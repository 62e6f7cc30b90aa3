package silence

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func planned(t *testing.T, c Client, b ops.Board, req ops.Request) ops.Plan {
	t.Helper()
	a := actionsOf(t, c)[req.Action.String()]
	p, err := a.Plan(t.Context(), b, req)
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.Plan(t.Context(), b, req)
	if err != nil || !reflect.DeepEqual(p, again) {
		t.Errorf("planned again: %+v, %v", again, err)
	}
	return p
}

func TestClasses(t *testing.T) {
	want := map[string]ops.Class{"silence.create": ops.ClassDisruptive, "silence.extend": ops.ClassDisruptive,
		"silence.expire": ops.ClassSafe, "maintenance.start": ops.ClassDisruptive}
	got := actionsOf(t, &fakeCluster{})
	for id, class := range want {
		if got[id] == nil || got[id].Describe().Class != class {
			t.Errorf("%s", id)
		}
	}
}

func TestAPlanShowsTheCallAndTheSameByHand(t *testing.T) {
	p := planned(t, &fakeCluster{}, theBoard(), request("silence.create", alertRef("1"), "comment", "it's known"))
	if got := p.Steps[0].Text().String(); got != `POST /api/v2/silences {"matchers":[["alertname","=","Down"],["instance","=","a:80"],["service","=","web"]],"startsAt":"now","endsAt":"+2h","createdBy":"who starts it","comment":"it's known"}` {
		t.Errorf("%s", got)
	}
	if got := p.Notes[0].String(); got != `by hand: amtool silence add 'alertname="Down"' 'instance="a:80"' 'service="web"' --duration=2h '--comment=it'\''s known' --alertmanager.url=http://pager:9093` {
		t.Errorf("%s", got)
	}
	if p.Title.String() != "silence Down for 2h" || len(p.Locks) != 1 || p.Locks[0] != alertRef("1") || len(p.Replaces) != 1 {
		t.Errorf("%+v", p)
	}
	wide := planned(t, &fakeCluster{}, theBoard(), request("silence.create", alertRef("1"), "comment", "c", "matchers", "service=web"))
	if wide.Title.String() != `silence service="web" for 2h` {
		t.Errorf("matchers that select more than the alert go by its name: %s", wide.Title)
	}
	w := planned(t, &fakeCluster{}, theBoard(), request("maintenance.start", estateRef, "matchers", "service=web", "from", "2026-11-21T22:00Z", "duration", "90m", "comment", "new disk"))
	if got := w.Steps[0].Text().String(); !strings.Contains(got, `"startsAt":"2026-11-21T22:00:00Z","endsAt":"+1h30m","createdBy":"who starts it","comment":"MAINTENANCE new disk"`) {
		t.Errorf("%s", got)
	}
	if got := w.Notes[0].String(); !strings.Contains(got, `--start=2026-11-21T22:00:00Z --end=2026-11-21T23:30:00Z '--comment=MAINTENANCE new disk'`) {
		t.Errorf("%s", got)
	}
}

func TestThePreviewCounts(t *testing.T) {
	for name, c := range map[string]struct {
		target string
		params []string
		want   []string
		not    string
	}{
		"the alert alone": {"1", nil, []string{"hits 1 alert now, 25 % of the 4 that fire: Down (web)", "hides 1 critical alert"}, "besides"},
		"its neighbours too": {"1", []string{"matchers", "alertname=Down"},
			[]string{"hits 2 alerts now, 50 % of the 4 that fire: Down (web), Down (web)", "hides 1 alert besides the one it was asked for", "hides 1 critical alert"}, ""},
		"a service":     {"4", []string{"matchers", `service=~"web|db"`}, []string{"hits 4 alerts now, 100 % of the 4", "hides 3 alerts besides", "1 of them are silenced already"}, ""},
		"beside it":     {"4", []string{"matchers", "service=web"}, []string{"does not hit the alert it was asked for", "hides 3 alerts besides"}, ""},
		"nothing":       {"4", []string{"matchers", "alertname=Gone"}, []string{"hits nothing now"}, "asked for"},
		"a slip":        {"4", []string{"matchers", "alertnme=Full"}, []string{"hits nothing now", "no alert of this picture has a label alertnme"}, ""},
		"an absent one": {"4", []string{"matchers", `service=db,zone!="b"`}, []string{"hits 1 alert now"}, "has a label"},
	} {
		t.Run(name, func(t *testing.T) {
			p := planned(t, &fakeCluster{}, theBoard(), request("silence.create", alertRef(c.target), append(c.params, "comment", "x")...))
			got := fmt.Sprint(p.Warnings)
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in %s", want, got)
				}
			}
			if c.not != "" && strings.Contains(got, c.not) {
				t.Errorf("%q in %s", c.not, got)
			}
		})
	}
}

func TestAPreviewOfAnOldPictureSaysSo(t *testing.T) {
	b := theBoard()
	b.Alerts[0].State = ops.SourceSilent
	p := planned(t, &fakeCluster{}, b, request("silence.create", alertRef("1"), "comment", "x"))
	if !strings.Contains(fmt.Sprint(p.Warnings), "prom is silent: what it would hide may be more") {
		t.Errorf("%v", p.Warnings)
	}
	p = planned(t, &fakeCluster{}, ops.Board{}, request("silence.create", alertRef("1"), "matchers", "a=b", "comment", "x"))
	if !strings.Contains(fmt.Sprint(p.Warnings), "no source of alerts is read") {
		t.Errorf("%v", p.Warnings)
	}
}

func TestWhatIsRefused(t *testing.T) {
	with := func(pairs ...string) []string { return append(pairs, "comment", "x") }
	for name, params := range map[string][]string{
		"everything":                with("matchers", `alertname=~".+"`),
		"everything, plainly":       with("matchers", `alertname=~".*"`),
		"everything but":            with("matchers", `foo!="x"`),
		"all with a severity":       with("matchers", `severity=~".+"`),
		"everything but, and a job": with("matchers", `job=~".+",foo!~"x"`),
		"no matcher":                with("matchers", `{}`),
		"an unreadable one":         with("matchers", "down"),
		"a bad expression":          with("matchers", `a=~"("`),
		"a label of nobody":         with("matchers", `ends␛here="b"`),
		"too short":                 with("duration", "59s"),
		"too long":                  with("duration", "31d"),
		"no duration":               with("duration", "-1h"),
		"a word":                    with("duration", "soon"),
		"no comment":                {"comment", "   "},
		"a purpose of nobody":       with("purpose", "revenge"),
	} {
		_, err := actionsOf(t, &fakeCluster{})["silence.create"].Plan(t.Context(), theBoard(), request("silence.create", alertRef("1"), params...))
		if ops.CodeOf(err) != ops.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, from := range map[string]string{"past": "2026-11-21T11:00Z", "far": "2028-01-01T00:00Z", "no zone": "2026-11-21T22:00", "words": "tomorrow"} {
		_, err := actionsOf(t, &fakeCluster{})["maintenance.start"].Plan(t.Context(), theBoard(), request("maintenance.start", estateRef, "matchers", "a=b", "comment", "x", "from", from))
		if ops.CodeOf(err) != ops.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := actionsOf(t, &fakeCluster{})["silence.create"].Plan(t.Context(), theBoard(), request("silence.create", alertRef("9"), "comment", "x")); ops.CodeOf(err) != ops.CodeNotFound {
		t.Errorf("an alert that is gone: %v", err)
	}
	for id, ref := range map[string]ops.Ref{"silence.create": estateRef, "maintenance.start": alertRef("1"), "silence.extend": alertRef("1"),
		"silence.expire": ops.NewRef(ops.KindSilence, "other", "s-1")} {
		if _, err := actionsOf(t, &fakeCluster{silences: []ops.Silence{held()}})[id].Plan(t.Context(), theBoard(), request(id, ref, "comment", "x")); ops.CodeOf(err) != ops.CodeInvalid {
			t.Errorf("%s on %s: %v", id, ref, err)
		}
	}
}

func TestPurposesStandInTheComment(t *testing.T) {
	for purpose, want := range map[string]string{"silence": "x", "ack": "ACK! x", "maintenance": "MAINTENANCE x"} {
		p := planned(t, &fakeCluster{}, theBoard(), request("silence.create", alertRef("1"), "comment", "x", "purpose", purpose))
		if !strings.Contains(p.Steps[0].Text().String(), fmt.Sprintf(`"comment":%q`, want)) {
			t.Errorf("%s: %s", purpose, p.Steps[0].Text())
		}
	}
}

// hostileValues may stand in a label of an alert that somebody silences.
var hostileValues = []string{"\x1b[2J", "a\nb", "tab\tbed", "\u202egnp", "c\u009bd", "$(touch /tmp/x)", "'; rm -rf /; '", "`id`", `back\slash"quote`,
	"!!", "-rf", "a  b", "{x,y}", "日本", strings.Repeat("long", 1000), strings.Repeat("\x1b[0m.", 1000), "x" + strings.Repeat("\u200b", 400), strings.Repeat("\t.", 500), "", "…"}

func TestHostileLabelsAreMatchedAndNothingElse(t *testing.T) {
	for _, raw := range hostileValues {
		b := theBoard()
		b.Alerts[0].Value = append(b.Alerts[0].Value, alert("x", ops.RankHigh, "alertname", "Evil", "path", raw))
		p := planned(t, &fakeCluster{}, b, request("silence.create", alertRef("x"), "comment", raw+"."))
		if !strings.Contains(fmt.Sprint(p.Warnings), "hits 1 alert now") {
			t.Errorf("%.40q: the preview misses it: %v", raw, p.Warnings)
		}
		w, err := readIntent(p)
		if err != nil {
			t.Errorf("%.40q: %v", raw, err)
			continue
		}
		// What Alertmanager compares is the raw value.
		for _, m := range w.matchers {
			if m.Name.String() != "path" {
				continue
			}
			matches := m.Value.String() == raw
			if m.Op == ops.MatchRegexp {
				matches = regexp.MustCompile("^(?:" + m.Value.String() + ")$").MatchString(raw)
			}
			if !matches {
				t.Errorf("%.40q is not matched by %s", raw, m)
			}
			if other := regexp.MustCompile("^(?:" + m.Value.String() + ")$"); m.Op == ops.MatchRegexp && other.MatchString("other") {
				t.Errorf("%s matches anything", m)
			}
		}
	}
}

func TestTheLineByHandIsOneCommandWithTheseWords(t *testing.T) {
	for _, raw := range hostileValues {
		b := theBoard()
		b.Alerts[0].Value = append(b.Alerts[0].Value, alert("x", ops.RankHigh, "alertname", "Evil", "path", raw))
		p := planned(t, &fakeCluster{}, b, request("silence.create", alertRef("x"), "comment", raw+"."))
		line, ok := strings.CutPrefix(p.Notes[0].String(), byHandIs+"amtool ")
		if !ok {
			t.Fatalf("%s", p.Notes[0])
		}
		// A real shell is given the line with printf in amtool's place.
		out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", `printf '%s\0' `+line).Output()
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
		want := []string{"silence", "add"}
		w, err := readIntent(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range w.matchers {
			want = append(want, m.Name.String()+m.Op.String()+escaped(m.Value.String()))
		}
		want = append(want, "--duration=2h", "--comment="+w.comment.String(), "--alertmanager.url=http://pager:9093")
		if !reflect.DeepEqual(words, want) {
			t.Errorf("%.40q: %q", raw, words)
		}
	}
}

func TestTooMuchForADialogIsRefusedOrSaid(t *testing.T) {
	pairs := []string{"alertname", "Wide"}
	for i := range 40 {
		pairs = append(pairs, fmt.Sprintf("l%02d", i), "v")
	}
	pairs = append(pairs, "bad name", "v")
	b := theBoard()
	b.Alerts[0].Value = append(b.Alerts[0].Value, alert("x", ops.RankHigh, pairs...))
	p := planned(t, &fakeCluster{}, b, request("silence.create", alertRef("x"), "comment", "x"))
	if !strings.Contains(fmt.Sprint(p.Warnings), "18 labels of the alert cannot be matched and are left out") {
		t.Errorf("%v", p.Warnings)
	}
	_, err := actionsOf(t, &fakeCluster{})["silence.create"].Plan(t.Context(), b, request("silence.create", alertRef("x"), "comment", strings.Repeat("日本", 3000),
		"matchers", strings.Repeat(`a!="`+strings.Repeat("x", 100)+`",`, 18)+`b="c"`))
	if err != nil && ops.CodeOf(err) != ops.CodeInvalid {
		t.Errorf("%v", err)
	}
}

func TestTheStepSurvivesTheWire(t *testing.T) {
	p := planned(t, &fakeCluster{}, theBoard(), request("silence.create", alertRef("1"), "comment", `tab	"quoted" \ <b>`))
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back ops.Plan
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	w, err := readIntent(back)
	if err != nil || w.comment.String() != `tab    "quoted" \ <b>` || len(w.matchers) != 3 || w.lasts != 2*time.Hour {
		t.Errorf("%+v, %v", w, err)
	}
}

func TestExtendAndExpirePlans(t *testing.T) {
	c := &fakeCluster{silences: []ops.Silence{held()}}
	p := planned(t, c, theBoard(), request("silence.extend", silenceRef, "by", "30m"))
	if p.Steps[0].Text().String() != `POST /api/v2/silences {"id":"s-1","endsAt":"2026-11-21T13:30:00Z"}` ||
		p.Notes[0].String() != `by hand: amtool silence update s-1 --end=2026-11-21T13:30:00Z --alertmanager.url=http://pager:9093` {
		t.Errorf("%v", p.Steps)
	}
	if !strings.Contains(fmt.Sprint(p.Replaces), "its end at 2026-11-21 13:00:00Z") || !strings.Contains(fmt.Sprint(p.Warnings), "hits 1 alert now") {
		t.Errorf("%v %v", p.Replaces, p.Warnings)
	}
	p = planned(t, c, theBoard(), request("silence.expire", silenceRef))
	if p.Steps[0].Text().String() != "DELETE /api/v2/silence/s-1" || !strings.Contains(fmt.Sprint(p.Warnings), "1 alert can page again: Slow (web)") ||
		!strings.Contains(fmt.Sprint(p.Replaces), `silence of alertname="Slow" by bob: known`) {
		t.Errorf("%+v", p)
	}
	for name, change := range map[string]func(*ops.Silence){
		"expired":  func(s *ops.Silence) { s.State = ops.SilenceExpired },
		"too long": func(s *ops.Silence) { s.Ends = noon.Add(30 * 24 * time.Hour) },
	} {
		s := held()
		change(&s)
		_, err := actionsOf(t, &fakeCluster{silences: []ops.Silence{s}})["silence.extend"].Plan(t.Context(), theBoard(), request("silence.extend", silenceRef))
		if ops.CodeOf(err) != ops.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := actionsOf(t, &fakeCluster{})["silence.expire"].Plan(t.Context(), theBoard(), request("silence.expire", silenceRef)); ops.CodeOf(err) != ops.CodeNotFound {
		t.Errorf("gone: %v", err)
	}
}

func TestBlocked(t *testing.T) {
	type blocker interface {
		Blocked(ops.Board, ops.Ref) ops.Text
	}
	as := actionsOf(t, &fakeCluster{})
	b := theBoard()
	for id, a := range as {
		if why := a.(blocker).Blocked(b, silenceRef); !why.Empty() {
			t.Errorf("%s: %s", id, why)
		}
	}
	s := held()
	s.State = ops.SilenceExpired
	b.Silences = []ops.Reading[[]ops.Silence]{{Value: []ops.Silence{s}}}
	if as["silence.extend"].(blocker).Blocked(b, silenceRef).Empty() || as["silence.expire"].(blocker).Blocked(b, silenceRef).Empty() {
		t.Error("an expired one")
	}
	b.Sources[0].State, b.Sources[0].Why = ops.SourceRefused, ops.Lit("nobody listens")
	for id, a := range as {
		if why := a.(blocker).Blocked(b, alertRef("1")); why.String() != "pager is refused: nobody listens" {
			t.Errorf("%s: %s", id, why)
		}
	}
}

func TestHitsAreCountedAsTheTotalIs(t *testing.T) {
	pair := make([]ops.Reading[[]ops.Alert], 2)
	for i := range pair {
		for n := range 1503 {
			job := "lag"
			if n >= 1500 {
				job = "other"
			}
			pair[i].Value = append(pair[i].Value, ops.Alert{Ref: ops.NewRef(ops.KindAlert, fmt.Sprint("prom", i), fmt.Sprint(n)), Name: ops.Lit("Lag"), State: ops.AlertFiring,
				Labels: []ops.Label{{Name: ops.Lit("alertname"), Value: ops.Lit("Lag")}, {Name: ops.Lit("job"), Value: ops.Clean(job)}}})
		}
		pair[i].Value = append(pair[i].Value, ops.Alert{Ref: ops.NewRef(ops.KindAlert, "prom", "w"), Name: ops.Lit("Watchdog"), State: ops.AlertFiring,
			Labels: []ops.Label{{Name: ops.Lit("alertname"), Value: ops.Lit("Watchdog")}, {Name: ops.Lit("job"), Value: ops.Lit("lag")}}})
	}
	b := ops.Board{Alerts: pair, Estate: ops.EstateInfo{Watchdog: ops.Lit("Watchdog")}}
	for matchers, want := range map[string]string{"job=lag": "hits 1500 alerts now, 99 % of the 1503 that fire", `job=~"lag|other"`: "hits 1503 alerts now, 100 % of the 1503 that fire"} {
		p := planned(t, &fakeCluster{}, b, request("silence.create", ops.NewRef(ops.KindAlert, "prom0", "1"), "comment", "c", "matchers", matchers))
		if got := fmt.Sprint(p.Warnings); !strings.Contains(got, want) {
			t.Errorf("%s: %.200s", matchers, got)
		}
	}
}
