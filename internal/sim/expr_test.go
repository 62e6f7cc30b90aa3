package sim

import (
	"strings"
	"testing"
	"time"
)

func small(t *testing.T) *World {
	t.Helper()
	w, err := New(Config{Now: func() time.Time { return time.Unix(1_795_286_000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestExpressions(t *testing.T) {
	w := small(t)
	for _, c := range []struct {
		situation, expr string
		series          int
		value           float64
	}{
		{"a number", "3", -1, 3},
		{"arithmetic and its order", "1 + 2 * 3", -1, 7},
		{"in brackets", "(1 + 2) * 3", -1, 9},
		{"a constant vector", "vector(1)", 1, 1},
		{"a count", "count(up)", 1, 14},
		{"what does not hold", "up == 0", 0, 0},
		{"what holds keeps its value", "up == 1", 14, 1},
		{"one label", `up{service="shop-web"}`, 1, 1},
		{"a pattern", `up{service=~"shop-(web|api)",job!="other"}`, 2, 1},
		{"a pattern is anchored", `up{service=~"web"}`, 0, 0},
		{"by label", "sum by (service) (up)", 14, 1},
		{"by label, behind", "sum(up) by (job)", 1, 14},
		{"a number in front", "100 * min(up)", 1, 100},
		{"over time", "max_over_time(up[5m])", 14, 1},
		{"the series that has these labels", `(up * 2) and on (service) absent(nobodys{service="shop-web"})`, 1, 2},
		{"no series has these labels", `(up) and on (service) absent(nobodys{service="other"})`, 0, 0},
		{"what is there is not absent", `absent(up{service="shop-web"})`, 0, 0},
		{"a metric that is not", "nothing_here", 0, 0},
	} {
		x, err := parseExpr(c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.situation, err)
			continue
		}
		v := x.eval(w, w.begin)
		switch {
		case c.series < 0 && (!v.scalar || v.number != c.value):
			t.Errorf("%s: %+v", c.situation, v)
		case c.series >= 0 && len(v.vector) != c.series:
			t.Errorf("%s: %d series", c.situation, len(v.vector))
		case c.series > 0 && float64(v.vector[0].Value) != c.value:
			t.Errorf("%s: %v", c.situation, v.vector[0])
		}
	}
}

func TestWhatIsNotUnderstoodIsSaid(t *testing.T) {
	for _, expr := range []string{"", "rate(up[5m])", "up / up", "up offset 5m", "up{", "up[5m]", "topk(3, up)", `up{service="a"`, "sum(up", "1 +", "{job='x'}"} {
		if _, err := parseExpr(expr); err == nil || !strings.Contains(err.Error(), "does not understand") {
			t.Errorf("%q: %v", expr, err)
		}
	}
}

func TestEveryRuleFiresInALapAndIsCalmAtItsEnd(t *testing.T) {
	w := small(t)
	for _, r := range w.rules {
		fired := false
		for at := w.begin; at.Before(w.begin.Add(w.script.Lap.d())); at = at.Add(w.script.Evaluate.d()) {
			w.mu.Lock()
			w.advance(at)
			for _, a := range w.alerts(r, at) {
				fired = fired || a.firing
			}
			w.mu.Unlock()
		}
		// Its own condition: nobody stops a container by himself.
		if !fired && !strings.HasPrefix(r.Expr, "up") {
			t.Errorf("%s never fires", r.Name)
		}
	}
}

// A metric that fell an hour ago was what it always is before that.
func TestSeriesWereOrdinaryBeforeWhatHappened(t *testing.T) {
	w := small(t)
	for _, s := range w.script.Series {
		least, most := s.Base, s.Base
		for _, v := range s.During {
			least, most = min(least, v), max(most, v)
		}
		room := s.Swing + s.Noise + 0.001
		for _, one := range w.series[s.Metric] {
			for at := w.started(); at.Before(w.begin); at = at.Add(time.Hour) {
				if v, ok := one.at(at); s.Of == string(one.labels["service"]) && (!ok || v < least-room || v > most+room) {
					t.Errorf("%s of %s at %s: %v, %v", s.Metric, s.Of, at, v, ok)
					break
				}
			}
		}
	}
}
