package judge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// causeAlert is a firing alert with its expression and
// what is behind it.
func causeAlert(name, expr, instance string, behind ...ops.Ref) ops.Alert {
	a := ops.Alert{Ref: ops.NewRef(ops.KindAlert, "prom", name+instance), Name: ops.Clean(name), State: ops.AlertFiring, Since: causeNow, Expr: ops.Clean(expr),
		Severity: ops.Severity{Name: ops.Lit("critical"), Rank: ops.RankCritical}, Labels: []ops.Label{{Name: ops.Lit("instance"), Value: ops.Clean(instance)}}}
	for _, b := range behind {
		a.Suspects = append(a.Suspects, ops.Suspect{Ref: b})
	}
	return a
}

var causeNow = time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)

func causeContainer(name string, s ops.ContainerState) ops.Container {
	c := ops.Container{Ref: ops.NewRef(ops.KindContainer, "docker", name), Name: ops.Clean(name), State: s, Expected: true}
	c.Verdict = ops.Verdict{Level: ops.LevelCritical, Word: ops.Lit("exited")}
	if s == ops.ContainerRunning {
		c.Verdict = ops.Verdict{Level: ops.LevelOK, Word: ops.Lit("running")}
	}
	return c
}

func causeBoard(containers []ops.Container, alerts []ops.Alert, kpis []ops.KPI, notes ...string) *ops.Board {
	prom := ops.Source{Ref: ops.NewRef(ops.KindSource, "", "prom"), Name: ops.Lit("prom"), Kind: ops.SourcePrometheus, State: ops.SourceOK}
	for _, n := range notes {
		prom.Notes = append(prom.Notes, ops.Clean(n))
	}
	return &ops.Board{
		Sources:    []ops.Source{prom},
		Containers: ops.Readings[[]ops.Container]{{Source: ops.Lit("docker"), At: causeNow, State: ops.SourceOK, Value: containers}},
		Alerts:     ops.Readings[[]ops.Alert]{{Source: ops.Lit("prom"), At: causeNow, State: ops.SourceOK, Value: alerts}},
		Indicators: ops.Readings[ops.Indicators]{{Source: ops.Lit("prom"), At: causeNow, State: ops.SourceOK, Value: ops.Indicators{KPIs: kpis}}},
	}
}

func TestFindingsOfOneCauseStandBehindIt(t *testing.T) {
	web, db := ops.NewRef(ops.KindContainer, "docker", "web"), ops.NewRef(ops.KindContainer, "docker", "db")
	dead := []ops.Container{causeContainer("web", ops.ContainerExited), causeContainer("db", ops.ContainerExited)}
	missed := func(query string) []ops.KPI {
		return []ops.KPI{{Name: ops.Lit("availability"), Query: ops.Clean(query), Level: ops.LevelWarning}}
	}
	for situation, c := range map[string]struct {
		board *ops.Board
		want  string // the findings in order, those behind a cause with a +
	}{
		"a container, its alert, its target, its KPI": {
			causeBoard(dead[:1], []ops.Alert{causeAlert("Down", `up{job="shop"} == 0`, "web:80", web)}, missed(`100 * avg(avg_over_time(up{job="shop"}[1d]))`), `1 of 5 targets are down: up{instance="web:80", job="shop"}`),
			"web exited, +critical Down, +availability misses its target, +prom warns"},
		"three causes, one alert of each": {
			causeBoard(append(dead, causeContainer("api", ops.ContainerRunning)), []ops.Alert{causeAlert("Down", "up == 0", "web:80", web), causeAlert("Down", "up == 0", "db:5432", db), causeAlert("Lag", "lag > 5", "api:80", ops.NewRef(ops.KindContainer, "docker", "api"))}, nil),
			"critical Lag, db exited, +critical Down, web exited, +critical Down"},
		"an alert behind which nothing is found has its own target and KPI": {
			causeBoard(nil, []ops.Alert{causeAlert("Down", "up == 0", "web:80")}, missed("avg(up)"), `1 of 5 targets are down: up{instance="web:80"}`),
			"critical Down, +availability misses its target, +prom warns"},
		"a target that nothing else tells of": {
			causeBoard(dead[:1], nil, nil, `2 of 5 targets are down: up{instance="web:80"}, up{instance="other:80"}`), "web exited, prom warns"},
		"a target that the container's name tells of": {
			causeBoard(dead[:1], nil, nil, `1 of 5 targets are down: up{instance="web:80"}`), "web exited, +prom warns"},
		"another warning of the source": {
			causeBoard(dead[:1], []ops.Alert{causeAlert("Down", "up == 0", "web:80", web)}, nil, `it was restarted`), "web exited, +critical Down, prom warns"},
		"a KPI over another metric": {
			causeBoard(dead[:1], []ops.Alert{causeAlert("Down", "up == 0", "web:80", web)}, missed(`sum(rate(orders_total[5m])) by (up)`)), "web exited, +critical Down, availability misses its target"},
		"a KPI of another job": {
			causeBoard(nil, []ops.Alert{causeAlert("Down", "up == 0", "web:80")}, missed(`avg(up{instance="db:5432"})`)), "critical Down, availability misses its target"},
		"a suspect that is a guess, and not the first": {
			causeBoard(dead[:1], []ops.Alert{func() ops.Alert {
				a := causeAlert("Lag", "lag > 5", "q:80", db, web)
				a.Suspects[0].Guess, a.Suspects[1].Guess = true, true
				return a
			}()}, nil), "critical Lag, web exited"},
		"a container that is well": {
			causeBoard([]ops.Container{causeContainer("web", ops.ContainerRunning)}, []ops.Alert{causeAlert("Down", "up == 0", "web:80", web)}, nil), "critical Down"},
		"nothing": {causeBoard(nil, nil, nil), ""},
	} {
		Board(ops.Estate{}, c.board, causeNow)
		if got := causeWords(c.board.Findings); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", situation, got, c.want)
		}
	}
}

func causeWords(fs []ops.Finding) string {
	var words []string
	for _, f := range fs {
		w := f.What.String()
		if !f.Under.Zero() {
			w = "+" + w
		}
		words = append(words, w)
	}
	return strings.Join(words, ", ")
}

// However causes and what they make are mixed, none is lost, and each stands behind
// what it is put down to.
func TestNoFindingIsLostBehindACause(t *testing.T) {
	for n := range 40 {
		var containers []ops.Container
		var alerts []ops.Alert
		for i := range n {
			c := causeContainer(fmt.Sprint("c", i), ops.ContainerState(i%3))
			containers = append(containers, c)
			alerts = append(alerts, causeAlert(fmt.Sprint("A", i%4), "up == 0", fmt.Sprintf("c%d:80", i*7%max(1, n)), ops.NewRef(ops.KindContainer, "docker", fmt.Sprint("c", i*3%max(1, n)))))
			alerts[i].Ref.ID = ops.Textf("f%d", i) // each is an alert of its own
		}
		b := causeBoard(containers, alerts, []ops.KPI{{Name: ops.Lit("k"), Query: ops.Lit("avg(up)"), Level: ops.LevelWarning}}, fmt.Sprintf(`1 of 2 targets are down: up{instance="c%d:80"}`, n/2))
		Board(ops.Estate{}, b, causeNow)
		var head ops.Ref
		firing := 0
		for _, f := range b.Findings {
			if f.Under.Zero() {
				head = f.Ref
			} else if f.Under != head {
				t.Errorf("%d: %s stands behind %s, and is put down to %s", n, f.What, head, f.Under)
			}
			if f.Ref.Kind == ops.KindAlert {
				count := 1
				if i := strings.LastIndex(f.What.String(), " x"); i > 0 {
					_, _ = fmt.Sscanf(f.What.String()[i:], " x%d", &count)
				}
				firing += count
			}
		}
		broken := len(slices.DeleteFunc(slices.Clone(containers), func(c ops.Container) bool { return c.Verdict.Level == ops.LevelOK }))
		shown := len(slices.DeleteFunc(slices.Clone(b.Findings), func(f ops.Finding) bool { return f.Ref.Kind != ops.KindContainer }))
		if firing != n || broken != shown || !strings.Contains(causeWords(b.Findings), "k misses") || !strings.Contains(causeWords(b.Findings), "prom warns") {
			t.Errorf("%d: %d alerts, %d of %d containers: %s", n, firing, shown, broken, causeWords(b.Findings))
		}
	}
}
