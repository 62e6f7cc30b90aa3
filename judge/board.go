package judge

import (
	"slices"
	"strings"

	"opsdeck/ops"
)

// Findings fills in what a board asks its reader to look at, worst first, and the
// level of the whole. The containers' verdicts are there already (Container).
func Findings(e ops.Estate, b *ops.Board) {
	b.Findings = findings(e, b)
	b.Level = level(b)
}

func findings(e ops.Estate, b *ops.Board) []ops.Finding {
	var fs []ops.Finding
	for _, s := range b.Sources {
		if s.State != ops.SourceOK {
			fs = append(fs, sourceFinding(s))
		}
		for _, n := range s.Notes {
			fs = append(fs, ops.Finding{Level: ops.LevelWarning, Ref: s.Ref, What: ops.Textf("%s warns", s.Name), Cause: n})
		}
	}
	for _, r := range b.Alerts {
		fs = append(fs, alertFindings(e, r)...)
	}
	for _, r := range b.Containers {
		for _, c := range r.Value {
			if c.Verdict.Level != ops.LevelOK {
				fs = append(fs, ops.Finding{Level: c.Verdict.Level, Ref: c.Ref, What: ops.Textf("%s %s", c.Name, c.Verdict.Word),
					Cause: c.Verdict.Cause, Next: c.Verdict.Next, Since: c.Verdict.Since})
			}
		}
	}
	for _, j := range b.Jobs {
		if f, ok := jobFinding(j); ok {
			fs = append(fs, f)
		}
	}
	slices.SortStableFunc(fs, func(x, y ops.Finding) int {
		switch {
		case x.Level.Worse(y.Level):
			return -1
		case y.Level.Worse(x.Level):
			return 1
		}
		return strings.Compare(x.What.String(), y.What.String())
	})
	return fs
}

// alertFindings makes one finding of all firing instances of one alert and
// severity: a storm of 5,000 is a few rows, with the exact count.
func alertFindings(e ops.Estate, r ops.Reading[[]ops.Alert]) []ops.Finding {
	type group struct {
		finding ops.Finding
		count   int
	}
	var order []string
	groups := map[string]*group{}
	watchdog := e.Watchdog.Empty()
	for _, a := range r.Value {
		if a.State != ops.AlertFiring {
			continue
		}
		if !e.Watchdog.Empty() && a.Name == e.Watchdog {
			watchdog = true
			continue
		}
		key := a.Name.String() + "\x00" + a.Severity.Name.String()
		g := groups[key]
		if g == nil {
			g = &group{finding: ops.Finding{Level: a.Severity.Rank.Level(), Ref: a.Ref, Cause: a.Summary, Since: a.Since,
				What: ops.Textf("%s %s", a.Severity.Name, a.Name)}}
			groups[key] = g
			order = append(order, key)
		}
		if g.count++; a.Since.Before(g.finding.Since) {
			g.finding.Since = a.Since
		}
	}
	fs := make([]ops.Finding, 0, len(order)+1)
	for _, key := range order {
		g := groups[key]
		if g.count > 1 {
			g.finding.What = ops.Textf("%s ×%d", g.finding.What, g.count)
		}
		fs = append(fs, g.finding)
	}
	if !watchdog && r.Fresh() {
		fs = append(fs, ops.Finding{Level: ops.LevelUnknown, Ref: ops.NewRef(ops.KindSource, "", r.Source.String()),
			What:  ops.Textf("%s has no %s", r.Source, e.Watchdog),
			Cause: ops.Clean("the alert that always fires does not: rules are not loaded or not evaluated"),
			Next:  ops.Clean("look at the rules and the log of Prometheus")})
	}
	return fs
}

// jobFinding keeps a job whose end nobody saw in front of people.
func jobFinding(j ops.Job) (ops.Finding, bool) {
	switch j.State {
	case ops.JobUnknown, ops.JobLost, ops.JobOrphaned:
		return ops.Finding{Level: ops.LevelWarning, Ref: ops.NewRef(ops.KindJob, "", ops.Textf("%d", j.ID).String()),
			What: ops.Textf("job %d %s: %s", j.ID, j.State, j.Title), Cause: j.Result, Since: j.Ended}, true
	}
	return ops.Finding{}, false
}

// level is the worst finding; ok needs at least one source, and every required
// one fresh.
func level(b *ops.Board) ops.Level {
	if len(b.Sources) == 0 {
		return ops.LevelUnknown
	}
	worst := ops.LevelOK
	for _, f := range b.Findings {
		if f.Level.Worse(worst) {
			worst = f.Level
		}
	}
	return worst
}
