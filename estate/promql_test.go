package estate_test

import (
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/estate"
	"opsdeck/ops"
)

// askedLoad is an estate with one load whose limit is a query.
func askedLoad(query string) string {
	return small + "kpis: {cpu: {query: up, target: '<= 80'}}\nloads:\n  a:\n    target: api\n    allow: ['h:80']\n    targets: [{url: 'http://h'}]\n" +
		"    rate: {constant: {rate: 5, for: 1m}}\n    max_rate: 5\n    max_duration: 2m\n    limits:\n      queries:\n        db_cpu:\n          target: '>= 1.5'\n          unit: '%'\n          query: |\n            " + query + "\n"
}

func TestAQueryOfALoadIsALimitAndAnIndicatorOfItsOwn(t *testing.T) {
	f := load(t, askedLoad("up"))
	want := ops.LoadLimit{Metric: ops.MetricIndicator, Indicator: ops.Lit("db_cpu"), Unit: ops.Lit("%"), Limit: 1.5, AtLeast: true}
	if l := f.Loads[0].Plan.Limits; len(l) != 1 || l[0] != want || len(f.Estate.Loads[0].Limits) != 1 {
		t.Errorf("%+v", l)
	}
	if k := f.KPIs; len(k) != 2 || k[1].Load != "a" || k[1].Name != "db_cpu" || k[1].Source != "prometheus" || k[1].Query != "up" || k[0].Load != "" {
		t.Errorf("%+v", k)
	}
}

func TestAQueryThatNoServerCouldReadIsRefusedWithItsLine(t *testing.T) {
	for query, want := range map[string]string{
		`sum(rate(x[5m])`:         "a ( is never closed; close it",
		`sum(rate(x[5m)))`:        "the ) closes nothing",
		`up)`:                     "the ) closes nothing",
		`up{job="a"`:              "a { is never closed",
		`up{job="a}`:              "does not end",
		`up{job='a"}`:             "does not end",
		"up{job=`a}":              "does not end",
		`up +`:                    "nothing follows the + at its end",
		`(up -)`:                  "nothing follows the -",
		`up{job=}`:                "nothing follows the =",
		`> 5`:                     "nothing stands before the >",
		`up * / 2`:                "nothing stands before the /",
		`up down`:                 "down cannot follow up",
		`rate(x[5m]) up`:          "up cannot follow )",
		`100 percent`:             "percent cannot follow 100",
		`rate(x[5 minutes])`:      "minutes cannot follow 5",
		`rate(x[5minutes])`:       "5minutes is neither a number nor a duration",
		`up = 1`:                  "= stands outside of {}",
		`sum(up) by job "a"`:      "cannot follow job",
		`up; drop`:                "; means nothing there",
		`up && down`:              "& means nothing there",
		`up | down`:               "| means nothing there",
		`${CPU}`:                  "$ means nothing there",
		`# only a comment`:        "holds no expression",
		`up{job="a\"}`:            "does not end",
		`histogram_quantile(0..5`: "0..5 is neither a number",
	} {
		_, err := estate.Load(filepath.Join(write(t, map[string]string{"e.yaml": askedLoad(query)}), "e.yaml"), env())
		if err == nil || !strings.Contains(err.Error(), "e.yaml:17:18: loads.a.limits.queries.db_cpu.query: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got  %v\n want %s", query, err, want)
		}
	}
}

// What Prometheus reads has to get through: each of these is of its own tests or documents.
func TestNoQueryThatAServerReadsIsRefused(t *testing.T) {
	queries := []string{
		`1`, `-1`, `+Inf`, `NaN`, `.5`, `5.`, `1e-3`, `1_000`, `0x1f`, `2^3^2`, `1 - -1`, `"a text"`, `time()`, `up`, `{__name__="up"}`, `{"my.metric", a="b"}`, `{'x'}`,
		`up{}`, `up{a="b",}`, `up{a="b", c!="d", e=~"f|g", h!~"i"}`, "up{a=`b\"c`}", `up{a="x\"}y"}`, `:node_memory:sum`, `a:b:c`, `job:x:rate5m{a='b'}`,
		`rate(x[5m])`, `rate(x[1h30m])`, `rate(x[5m:1m])`, `max_over_time(rate(x[5m])[1h:])`, `x[5m] offset 1w`, `x offset -5m`, `x @ 1609746000`, `x @ end()`, `rate(x[5m] @ start() offset 5m)`,
		`sum by (a, b) (x)`, `sum(x) by (a,)`, `sum without(a)(x)`, `topk(5, x)`, `count_values("v", x)`, `quantile(0.95, x)`, `a + on(b) group_left(c) d`, `a * ignoring (b) group_right d`,
		`a and b or c unless d`, `a == bool 1`, `a > bool b`, `a atan2 b`, `a % 2 != 0`, `(a + b) / c * 100`, `-(a)`, `a + -b`, `absent(x{a="b"})`, `a == b`, `a and on() vector(1)`,
		"a\n  # half of it\n  / 2", `label_replace(up, "a", "${1}", "b", "(.*)")`, `histogram_quantile(0.9, sum by (le) (rate(x_bucket[10m])))`, `sum(by)`, `on`, `a + on (b) (c)`,
		`100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle"}[1m])))`, `SUM BY (a) (x) AND y`,
	}
	for _, name := range estate.Shipped() {
		f, err := estate.Load(name, env())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range f.KPIs {
			queries = append(queries, k.Query)
		}
	}
	for _, query := range queries {
		path := filepath.Join(write(t, map[string]string{"e.yaml": askedLoad(strings.ReplaceAll(query, "\n", "\n            "))}), "e.yaml")
		if _, err := estate.Load(path, env()); err != nil {
			t.Errorf("%s\n%v", query, err)
		}
	}
}

func TestAQueryHasANameOfItsOwn(t *testing.T) {
	_, err := estate.Load(filepath.Join(write(t, map[string]string{"e.yaml": strings.Replace(askedLoad("up"), "db_cpu:", "cpu:", 1)}), "e.yaml"), env())
	if err == nil || !strings.Contains(err.Error(), `loads.a.limits.queries.cpu: "cpu" is an indicator already; choose another name, or list it under limits.indicators`) {
		t.Error(err)
	}
}
