package prometheus

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

func book(t *testing.T, data string) ruleBook {
	t.Helper()
	b, err := readRules(httpsource.NewStream(strings.NewReader(data), httpsource.AnswerMost), testCollector(t, "http://h").cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheSameAlertOfTwoRulesIsOne(t *testing.T) {
	one := `{"labels":{"alertname":"A"},"state":"%s","activeAt":"2026-11-21T02:00:00Z","value":"1"}`
	b := book(t, `{"groups":[{"name":"g","rules":[
		{"type":"alerting","name":"A","query":"x","alerts":[`+fmt.Sprintf(one, "pending")+`]},
		{"type":"alerting","name":"A","query":"y","alerts":[`+fmt.Sprintf(one, "firing")+`]},
		{"type":"recording","name":"r","query":"z"}]}]}`)
	if len(b.alerts) != 1 || b.alerts[0].State != ops.AlertFiring || b.alerts[0].Expr.String() != "y" {
		t.Errorf("%+v", b.alerts)
	}
}

func TestAlertWithLittleInIt(t *testing.T) {
	b := book(t, `{"groups":[{"rules":[{"name":"A","alerts":[{"state":"new word","value":null,"activeAt":null}],"field of 4.0":{}}]}]}`)
	if a := b.alerts[0]; a.State != ops.AlertUnknown || a.Value.Known || !a.Since.IsZero() || a.Name.String() != "A" || a.Severity.Rank != ops.RankNone {
		t.Errorf("%+v", a)
	}
}

func TestNoRulesAndLateRulesAreTold(t *testing.T) {
	now := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct{ data, want string }{
		"no rules":               {`{"groups":[]}`, "[there are no alert rules]"},
		"null":                   {`{"groups":null}`, "[there are no alert rules]"},
		"in time":                {`{"groups":[{"name":"g","interval":15,"lastEvaluation":"2026-11-21T01:59:50Z","rules":[{"health":"ok"}]}]}`, "[]"},
		"late":                   {`{"groups":[{"name":"g","interval":15,"lastEvaluation":"2026-11-21T01:50:00Z","rules":[{"health":"ok"}]}]}`, "[rules of group g were last evaluated at 2026-11-21 01:50:00Z, every 15s is meant]"},
		"never had a turn":       {`{"groups":[{"name":"g","interval":15,"lastEvaluation":"0001-01-01T00:00:00Z","rules":[{"type":"recording","health":"unknown"},{"health":"unknown"}]}]}`, "[rules of group g have never been evaluated, every 15s is meant not evaluated yet: 1 of 1 alert rule]"},
		"its turn is far":        {`{"groups":[{"name":"g","interval":3600,"rules":[{"health":"unknown"},{"type":"alerting","health":"ok"}]},{"name":"h","interval":3600,"rules":[{"type":"recording","health":"unknown"}]}]}`, "[not evaluated yet: 1 of 2 alert rules]"},
		"an empty group":         {`{"groups":[{"name":"g","interval":15,"rules":[]},{"name":"h","rules":[{"health":"ok"}],"lastEvaluation":"2026-11-21T01:59:50Z","interval":15}]}`, "[]"},
		"a recording rule fails": {`{"groups":[{"rules":[{"type":"recording","name":"r","health":"err","lastError":"many-to-many"},{"type":"alerting","health":"ok"}]}]}`, "[recording rule r fails: many-to-many]"},
		"records only":           {`{"groups":[{"rules":[{"type":"recording","health":"ok"}]}]}`, "[there are no alert rules]"},
		"fail, hostile":          {`{"groups":[{"rules":[{"name":"\u001b[2J","health":"err","lastError":"a\nb"}]}]}`, "[rule ␛[2J fails: a␊b]"},
	} {
		if got := fmt.Sprint(book(t, tc.data).notes(now, now.Add(-time.Hour))); got != tc.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	many := `{"groups":[{"rules":[` + strings.TrimSuffix(strings.Repeat(`{"name":"r","lastError":"e"},`, 40), ",") + `]}]}`
	if notes := book(t, many).notes(now, now.Add(-time.Hour)); len(notes) != faultsMost+1 || notes[faultsMost].String() != "35 more rules that fail" {
		t.Errorf("%v", notes)
	}
}

func TestFiveThousandAlerts(t *testing.T) {
	var data strings.Builder
	data.WriteString(`{"groups":[{"rules":[{"name":"A","query":"x > 1","alerts":[`)
	for i := range 5000 {
		if i > 0 {
			data.WriteByte(',')
		}
		fmt.Fprintf(&data, `{"labels":{"alertname":"A","instance":"i%d"},"annotations":{"summary":"s"},"state":"firing","value":"1"}`, i)
	}
	data.WriteString(`]}]}]}`)
	if b := book(t, data.String()); len(b.alerts) != 5000 || len(b.origins) != 5000 {
		t.Errorf("%d", len(b.alerts))
	}
}
