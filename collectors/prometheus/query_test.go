package prometheus

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

func TestQueryReadsEveryKindOfResult(t *testing.T) {
	c := newFakeServer(t).collector(t)
	for expr, want := range map[string]string{
		"up":          `[{up{instance="127.0.0.1:1", job="dead"}  [0 true]} {up{instance="127.0.0.1:39190", job="self"}  [1 true]}] []`,
		"vector(NaN)": "[{{}  [0 false]}] []",
		"nosuch":      "[] []",
		"1":           "[{scalar  [1 true]}] []",
		`"x"`:         "[] [the expression gives a text, not a series]",
	} {
		a, err := c.Query(t.Context(), expr, time.Time{})
		if got := plain(a); err != nil || got != want {
			t.Errorf("%s: %s, %v", expr, got, err)
		}
	}
}

// plain writes an answer without its times.
func plain(a Answer) string {
	var series []string
	for _, s := range a.Series {
		var points []string
		for _, p := range s.Points {
			points = append(points, fmt.Sprint(p.Value, " ", p.Known))
		}
		series = append(series, fmt.Sprintf("{%s %s [%s]}", s.Name, s.Unit, strings.Join(points, " ")))
	}
	return fmt.Sprintf("[%s] %v", strings.Join(series, " "), a.Notes)
}

func TestQueryThatTheServerCannotRead(t *testing.T) {
	f := newFakeServer(t)
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"status":"error","errorType":"bad_data","error":"1:8: parse error: unclosed left parenthesis"}`))
		return true
	}
	_, err := f.collector(t).Query(t.Context(), "nosuch(", time.Time{})
	if ops.CodeOf(err) != ops.CodeInvalid || !strings.Contains(err.Error(), "unclosed left parenthesis") {
		t.Errorf("%v", err)
	}
}

func TestLongQueryGoesAsAForm(t *testing.T) {
	f := newFakeServer(t)
	long := strings.Repeat("up or ", 2000) + "up"
	f.files["query?"+long] = "query-up.json"
	var method string
	f.hook = func(_ http.ResponseWriter, r *http.Request) bool {
		method = r.Method
		return false
	}
	a, err := f.collector(t).Query(t.Context(), long, time.Time{})
	if err != nil || method != http.MethodPost || len(a.Series) != 2 {
		t.Errorf("%s, %d series, %v", method, len(a.Series), err)
	}
}

func TestQueryRangeStaysBelowThePointLimit(t *testing.T) {
	to := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct{ span, step time.Duration }{
		"a year by the second":  {365 * 24 * time.Hour, time.Second},
		"an hour by the minute": {time.Hour, time.Minute},
		"without a step":        {24 * time.Hour, 0},
		"an odd span":           {11_000*time.Second + 7*time.Millisecond, time.Second},
	} {
		g := gridOf(to.Add(-tc.span), to, tc.step)
		if n := int(g.to.Sub(g.from)/g.step) + 1; n > pointsMost || g.step < tc.step || g.step%time.Millisecond != 0 {
			t.Errorf("%s: %d points, step %s", name, n, g.step)
		}
		if tc.step == time.Minute && g.step != time.Minute {
			t.Errorf("%s: step %s", name, g.step)
		}
	}
	_, err := newFakeServer(t).collector(t).QueryRange(t.Context(), "up", to, to, time.Second)
	if ops.CodeOf(err) != ops.CodeInvalid {
		t.Errorf("an empty range: %v", err)
	}
}

func TestRangeShowsItsGaps(t *testing.T) {
	c := newFakeServer(t).collector(t)
	end := time.Unix(1795286417, 0)
	a, err := c.QueryRange(t.Context(), "up", end.Add(-90*time.Second), end, 5*time.Second)
	if err != nil || len(a.Series) != 2 || len(a.Series[1].Points) != 19 {
		t.Fatalf("%+v, %v", a, err)
	}
	for i, p := range a.Series[1].Points { // recorded over the last 60 s of the 90
		if known := i >= 6; p.Known != known || known && p.Value != 1 {
			t.Errorf("point %d: %+v", i, p)
		}
	}
	bad := httpsource.NewStream(strings.NewReader(`{"resultType":"matrix","result":[{"metric":{"a":"\u001b[2J"},"values":[[10,"1"],[20,"NaN"],[30,"+Inf"],[40,"4"]]},{"metric":{},"histograms":[[10,{}]]}]}`), httpsource.AnswerMost)
	got, err := readQuery(bad, grid{from: time.Unix(10, 0), to: time.Unix(50, 0), step: 10 * time.Second})
	if want := `[{{a="\x1b[2J"}  [1 true 0 false 0 false 4 true 0 false]}] [1 native histogram not shown]`; err != nil || plain(got) != want {
		t.Errorf("%s, %v", plain(got), err)
	}
}

func TestSplitLimit(t *testing.T) {
	for expr, want := range map[string]string{
		"up == 0":                          "up|== 0",
		"rate(x[5m]) > 0.5":                "rate(x[5m])|> 0.5",
		`sum(x{a=~"b > c"}) by (d) >= 1e3`: `sum(x{a=~"b > c"}) by (d)|>= 1e3`,
		"(a > 1) * 2":                      "",
		"a > b":                            "",
		"a and b > 5":                      "",
		"a > 1 and b < 2":                  "",
		"(a and b) > 5":                    "(a and b)|> 5",
		"vector(1)":                        "",
		"x > bool 5":                       "",
		"x > 5 # always":                   "",
		`x{a="unclosed > 5`:                "",
		"> 5":                              "",
		"x < -5":                           "x|< -5",
	} {
		left, l, ok := splitLimit(expr)
		got := left + "|" + l.text
		if ok != (want != "") || ok && got != want || !ok && left != expr {
			t.Errorf("%s: %s %v", expr, got, ok)
		}
	}
}

func TestOpenAlertDrawsItsExpression(t *testing.T) {
	f := newFakeServer(t)
	c := f.collector(t)
	facts, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range *facts.Alerts {
		if a.Name.String() != "TargetDown" {
			continue
		}
		d, err := c.Open(t.Context(), a.Ref, 10*time.Minute)
		if err != nil || !d.Why.Empty() || len(d.Series) != 2 {
			t.Fatalf("%+v, %v", d, err)
		}
		// Of the two up series only the alert's own, and the limit of "up == 0".
		if d.Series[0].Name.String() != `up{instance="127.0.0.1:1", job="dead"}` || d.Series[1].Name.String() != "limit == 0" {
			t.Errorf("series: %v, %v", d.Series[0].Name, d.Series[1].Name)
		}
		all := fmt.Sprint(d.Groups)
		if !strings.Contains(all, "wiki.invalid") || !strings.Contains(all, "␛[31mred") || strings.Contains(all, "\x1b") {
			t.Errorf("groups: %s", all)
		}
	}
	if _, err := c.Open(t.Context(), ops.NewRef(ops.KindAlert, "prom", "0123456789abcdef"), 0); ops.CodeOf(err) != ops.CodeNotFound {
		t.Errorf("one that has ended: %v", err)
	}
	if _, err := c.Open(t.Context(), ops.NewRef(ops.KindAlert, "other", "0123456789abcdef"), 0); ops.CodeOf(err) != ops.CodeInvalid {
		t.Errorf("one of another server: %v", err)
	}
}

func TestOpenSourceTellsEachPartByItself(t *testing.T) {
	f := newFakeServer(t)
	c := f.collector(t)
	ref := ops.NewRef(ops.KindSource, "", "prom")
	d, err := c.Open(t.Context(), ref, 0)
	if err != nil || !d.Why.Empty() {
		t.Fatalf("%+v, %v", d, err)
	}
	all := fmt.Sprint(d.Groups)
	for _, want := range []string{"2.42.0+ds", "1 up, 1 down", "connection refused", "nobody", "segment 2 of 2", "rule Broken fails"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %s", want, all)
		}
	}
	f.mu.Lock()
	delete(f.files, "targets")
	f.mu.Unlock()
	if d, err = c.Open(t.Context(), ref, 0); err != nil || len(d.Groups) != 4 || !strings.Contains(d.Why.String(), "targets") {
		t.Errorf("without targets: %+v, %v", d, err)
	}
}
