package estate_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/ops"
)

const big = `
estate: shop
sources:
  p: {kind: prometheus, url: "http://h:1"}
  q: {kind: prometheus, url: "http://h:2"}
  near: {kind: docker}
  far: {kind: docker, host: "tcp://h:1"}
  one: {kind: alertmanager, url: "http://h:9093/am", optional: true}
  many: {kind: alertmanager, every: 2s, peers: {a: "http://a:9093", b: "http://${B:-b}:9093"}, http_config: {basic_auth: {username: u, password: "${PW}"}}}
containers: {web: {source: far}, db: {source: near}}
services:
  web: {}
  cart: {match: {team: shop, app: cart}, container: [db, web], runbook: down}
  any: {match: 'job=~"batch.{1,2}", severity!="info"', source: near, container: batch}
  host: {runbook: down}
runbooks:
  down: {alert: WebDown, file: books/down.md}
  slow:
    text: |
      # Slow

      echo ${HOME}
escalation:
  - {level: 1, name: First, who: Ana, contact: "+44 1", for: all, after: 15m}
  - {level: 4, name: Last, who: [Ben, Cem]}
kpis:
  up: {query: 'label_replace(up, "a", "${1}", "b", "(.*)")', source: q, unit: "%", what: targets, target: ">= 99.5", trend: 1d}
  load: {query: "node_load1", source: p, target: "<=-2e1"}
  bare: {query: "a\n  + b", source: p}
pipelines:
  night: {source: p, window: 150m, window_query: w, running: r, started: s, done: d, stage: t, stage_label: step}
  day: {source: q, window: 1h, running: r, started: s}
`

func loadBig(t *testing.T) estate.File {
	t.Helper()
	dir := write(t, map[string]string{"e.yaml": big, "books/down.md": "# Down\n\n1. Look.\x1b[2J\n"})
	f, err := estate.Load(filepath.Join(dir, "e.yaml"), env("PW", "s3cr3t"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAlertmanagersAloneAndInClusters(t *testing.T) {
	f := loadBig(t)
	if len(f.Alertmanager) != 2 {
		t.Fatalf("%+v", f.Alertmanager)
	}
	one, many := f.Alertmanager[0], f.Alertmanager[1]
	if one.Required || one.Every != 10*time.Second || one.Timeout != 3*time.Second || fmt.Sprint(one.Peers) != "[{one http://h:9093/am}]" || !one.HTTP.FollowRedirects {
		t.Errorf("one: %+v", one)
	}
	if !many.Required || many.Timeout != 2*time.Second || fmt.Sprint(many.Peers) != "[{a http://a:9093} {b http://b:9093}]" || string(many.HTTP.BasicAuth.Password) != "s3cr3t" {
		t.Errorf("many: %+v", many)
	}
}

func TestServicesSayWhatIsBehindAnAlert(t *testing.T) {
	f := loadBig(t)
	var got []string
	for _, s := range f.Estate.Services {
		got = append(got, fmt.Sprint(s.Name, s.Matchers, s.Behind, s.Runbook))
	}
	want := []string{
		`web [service="web"] [container:far/web] `,
		`cart [app="cart" team="shop"] [container:near/db container:far/web] down`,
		`any [job=~"batch.{1,2}" severity!="info"] [container:near/batch] `,
		`host [service="host"] [] down`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for i, s := range f.Estate.Services {
		if _, err := ops.Compile(s.Matchers); err != nil {
			t.Errorf("service %d: %v", i, err)
		}
	}
}

func TestRunbooksAreReadAndCleaned(t *testing.T) {
	f := loadBig(t)
	if got := fmt.Sprint(f.Estate.Runbooks); got != "[{down WebDown [# Down  1. Look.␛[2J]} {slow  [# Slow  echo ${HOME}]}]" {
		t.Error(got)
	}
	long := load(t, small+"runbooks: {r: {text: \"a"+strings.Repeat("\\nb", 1500)+"\"}}\n")
	if lines := long.Estate.Runbooks[0].Lines; len(lines) != 1001 || lines[1000].String() != "… 501 more lines" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
	dir := write(t, map[string]string{"e.yaml": small + "runbooks: {a: {file: large.md}, b: {file: empty.md}}\n", "large.md": strings.Repeat("x\n", 40_000), "empty.md": " \n"})
	_, err := estate.Load(filepath.Join(dir, "e.yaml"), env())
	if err == nil || !strings.Contains(err.Error(), "larger than 64 KiB") || !strings.Contains(err.Error(), `"empty.md": is empty`) {
		t.Errorf("%v", err)
	}
}

func TestARunbookIsFoundFromWhereItIsNamed(t *testing.T) {
	shipped := estate.Shipped()[1]
	dir := write(t, map[string]string{
		"base/base.yaml": small + "runbooks: {a: {file: a.md}, b: {file: b.md}}\n", "base/a.md": "from base", "base/b.md": "b of base",
		"top.yaml": "extends: base/base.yaml\nrunbooks: {b: {file: b.md}, c: {file: 'shipped:runbooks/" + shipped + "-service-down.md'}}\n", "b.md": "b of top",
		"text.yaml": "extends: base/base.yaml\nrunbooks: {a: {file: null, text: x}, b: null}\n",
	})
	f, err := estate.Load(filepath.Join(dir, "top.yaml"), env())
	if err != nil {
		t.Fatal(err)
	}
	if r := f.Estate.Runbooks; r[0].Lines[0].String() != "from base" || r[1].Lines[0].String() != "b of top" || r[2].Lines[0].String() != "# Service down" {
		t.Errorf("%v", r)
	}
	if f, err = estate.Load(filepath.Join(dir, "text.yaml"), env()); err != nil || fmt.Sprint(f.Estate.Runbooks) != "[{a  [x]}]" {
		t.Errorf("%v, %v", f.Estate.Runbooks, err)
	}
}

func TestIndicatorsOfAnEstate(t *testing.T) {
	f := loadBig(t)
	want := "[{up targets % q label_replace(up, \"a\", \"${1}\", \"b\", \"(.*)\") {true 99.5 true} 24h0m0s }" +
		" {load   p node_load1 {false -20 true} 6h0m0s } {bare   p a\n  + b {false 0 false} 6h0m0s }]"
	if got := fmt.Sprint(f.KPIs); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := fmt.Sprint(f.Pipelines); got != "[{night p 2h30m0s w r s d t step} {day q 1h0m0s  r s   stage}]" {
		t.Error(got)
	}
	if alone := load(t, small+"kpis: {k: {query: up}}\n"); alone.KPIs[0].Source != "prometheus" {
		t.Errorf("the only one is not taken: %+v", alone.KPIs)
	}
}

func TestEscalationGoesUp(t *testing.T) {
	if got := fmt.Sprint(loadBig(t).Estate.Escalation); got != "[{1 First [Ana] +44 1 all 15m0s} {4 Last [Ben Cem]   0s}]" {
		t.Error(got)
	}
}

func TestAContainerThatIsTakenOutNeedsNoFurtherWord(t *testing.T) {
	for _, name := range estate.Shipped() {
		f, err := estate.Load(name, env())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range f.Estate.Expected {
			path := filepath.Join(write(t, map[string]string{"e.yaml": fmt.Sprintf("extends: %s\ncontainers: {%s: null}\n", name, e.Name)}), "e.yaml")
			if _, err := estate.Load(path, env()); err != nil {
				t.Errorf("%s without %s: %v", name, e.Name, err)
			}
		}
		for _, s := range f.Estate.Services {
			if s.Runbook.Empty() {
				t.Errorf("%s: %s has no runbook", name, s.Name)
			}
		}
		for _, r := range f.Estate.Runbooks {
			if n := len(r.Lines); n < 10 || n > 60 || !strings.HasPrefix(r.Lines[0].String(), "# ") {
				t.Errorf("%s: runbook %s has %d lines", name, r.Name, n)
			}
		}
	}
}

func TestTheSchemaAgreesOnWhatTriageNeeds(t *testing.T) {
	first := estate.Shipped()[0]
	sameWord(t, map[string]string{
		"an alertmanager":            "estate: e\nsources: {a: {kind: alertmanager, url: 'http://h'}}\n",
		"a cluster":                  "estate: e\nsources: {a: {kind: alertmanager, peers: {x: 'http://h'}}}\n",
		"url and peers":              "estate: e\nsources: {a: {kind: alertmanager, url: 'http://h', peers: {x: 'http://h'}}}\n",
		"no address":                 "estate: e\nsources: {a: {kind: alertmanager}}\n",
		"no peers":                   "estate: e\nsources: {a: {kind: alertmanager, peers: {}}}\n",
		"labels to match":            small + "services: {a: {match: {b: c}}}\n",
		"matchers":                   small + "services: {a: {match: 'b=~\"c{2}$\"'}}\n",
		"nothing to match":           small + "services: {a: {match: {}}}\n",
		"a list to match":            small + "services: {a: {match: [b]}}\n",
		"a label that is none":       small + "services: {a: {match: {'b-c': d}}}\n",
		"one container":              "estate: e\nsources: {d: {kind: docker}}\ncontainers: {c: {}}\nservices: {a: {container: c}, b: {container: [c]}}\n",
		"a map of containers":        "estate: e\nsources: {d: {kind: docker}}\ncontainers: {c: {}}\nservices: {a: {container: {c: {}}}}\n",
		"a runbook":                  small + "runbooks: {a: {text: 'echo ${X} ${'}}\n",
		"a runbook that says twice":  small + "runbooks: {a: {text: x, file: y}}\n",
		"a runbook without words":    small + "runbooks: {a: {alert: x}}\n",
		"an overridden runbook":      "extends: " + first + "\nrunbooks: {service-down: {file: null, text: x}}\nkpis: {availability: {trend: 2h, target: null}}\n",
		"escalation":                 small + "escalation: [{level: 1, name: a, who: b, after: 5m}, {level: 2, name: a, who: [b, c]}]\n",
		"escalation without a level": small + "escalation: [{name: a}]\n",
		"level zero":                 small + "escalation: [{level: 0, name: a}]\n",
		"a kpi":                      small + "kpis: {a: {query: 'up{a=\"${1}\"}', target: '>= 1', unit: '%'}}\n",
		"a kpi without a query":      small + "kpis: {a: {target: '>= 1'}}\n",
		"a target without a sign":    small + "kpis: {a: {query: up, target: '1'}}\n",
		"a target from elsewhere":    small + "kpis: {a: {query: up, target: '${T:-<= 5}'}}\n",
		"a pipeline":                 small + "pipelines: {a: {window: 150m, running: b, started: c, done: d}}\n",
		"a pipeline without window":  small + "pipelines: {a: {running: b, started: c}}\n",
		"a number for a query":       small + "pipelines: {a: {window: 1h, running: 1, started: c}}\n",
	})
}
