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
	b.Findings = append(b.Findings, lateFindings(b)...)
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
		fs = append(fs, alertFindings(e, b, r, fromRules(b, r.Source))...)
	}
	fs = append(fs, verdictFindings(b)...)
	for _, r := range b.Containers {
		for _, c := range r.Value {
			settled := byMark(c) && (c.Latch.Acked() || c.Latch.Late) // it is well, and in hand or told below
			if c.Verdict.Level != ops.LevelOK && !settled {
				fs = append(fs, containerFinding(c))
			}
		}
	}
	for _, r := range b.Databases {
		if !r.Known() {
			continue
		}
		for _, f := range r.Value.Findings {
			if len(b.Databases) > 1 {
				f.What = ops.Textf("%s: %s", r.Source, f.What)
			}
			fs = append(fs, f)
		}
	}
	for _, in := range b.Incidents {
		if in.Open() {
			fs = append(fs, ops.Finding{Level: ops.LevelInfo, Ref: in.Ref, What: ops.Textf("incident %s open", in.Ref.ID), Cause: in.Title, Since: in.Opened})
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

// fromRules reports whether a reading is a Prometheus's: the watchdog is asked of
// those, and not of what only an Alertmanager has.
func fromRules(b *ops.Board, source ops.Text) bool {
	for _, s := range b.Sources {
		if s.Name == source {
			return s.Kind == ops.SourcePrometheus
		}
	}
	return false
}

// standing is how an alert stands with people: somebody took it, a silence or
// another alert keeps it quiet, or it burns. What an Alertmanager said before it
// fell silent holds nothing: the silence may be over.
func standing(b *ops.Board, a ops.Alert) string {
	switch {
	case !a.Ack.At.IsZero():
		return "acked by " + a.Ack.By.String()
	case a.Paging.State.Quiet() && canBeAsked(b, a.Paging.Source):
		return a.Paging.State.String()
	}
	return ""
}

// canBeAsked reports whether a source answers now.
func canBeAsked(b *ops.Board, source ops.Text) bool {
	return slices.ContainsFunc(b.Sources, func(s ops.Source) bool {
		return s.Name == source && s.State.Answers()
	})
}

// alertFindings makes one finding of all firing instances of one alert, severity
// and standing: a storm of 5,000 is a few rows, with the exact count.
func alertFindings(e ops.Estate, b *ops.Board, r ops.Reading[[]ops.Alert], rules bool) []ops.Finding {
	var fs []ops.Finding
	counts, at := map[string]int{}, map[string]int{}
	watchdog := e.Watchdog.Empty() || !rules
	for _, a := range r.Value {
		if a.State != ops.AlertFiring {
			continue
		}
		if !e.Watchdog.Empty() && a.Name == e.Watchdog {
			watchdog = true
			continue
		}
		held := standing(b, a)
		key := a.Name.String() + "\x00" + a.Severity.Name.String() + "\x00" + held
		if counts[key]++; counts[key] == 1 {
			at[key] = len(fs)
			fs = append(fs, alertFinding(a, held))
		}
		f := &fs[at[key]]
		if a.Since.Before(f.Since) {
			f.Since = a.Since
		}
		if n := counts[key]; n > 1 {
			f.What = ops.Textf("%s %s x%d", a.Severity.Name, a.Name, n)
		}
	}
	if !watchdog && r.Fresh() {
		fs = append(fs, ops.Finding{Level: ops.LevelUnknown, Ref: ops.NewRef(ops.KindSource, "", r.Source.String()),
			What:  ops.Textf("%s has no %s", r.Source, e.Watchdog),
			Cause: ops.Lit("the alert that always fires does not: rules are not loaded or not evaluated"),
			Next:  ops.Lit("look at the rules and the log of Prometheus")})
	}
	return fs
}

// Burning are the firing alerts of a board, each fingerprint once, without the
// watchdog.
func Burning(e ops.Estate, b ops.Board) []ops.Alert {
	seen := map[ops.Text]bool{}
	var out []ops.Alert
	for _, r := range b.Alerts {
		for _, a := range r.Value {
			if a.State == ops.AlertFiring && !seen[a.Ref.ID] && (e.Watchdog.Empty() || a.Name != e.Watchdog) {
				seen[a.Ref.ID] = true
				out = append(out, a)
			}
		}
	}
	return out
}

// alertFinding is the finding of the first instance. What somebody took or a
// silence holds is information: it burns, and it is in hand.
func alertFinding(a ops.Alert, held string) ops.Finding {
	f := ops.Finding{Level: a.Severity.Rank.Level(), Ref: a.Ref, Cause: a.Summary, Since: a.Since,
		What: ops.Textf("%s %s", a.Severity.Name, a.Name)}
	if held != "" {
		f.Level = ops.LevelInfo
		f.Cause = ops.Textf("%s; %s", held, a.Summary)
	}
	return f
}

// verdictFindings are what silences, KPIs and pipelines ask of the reader.
func verdictFindings(b *ops.Board) []ops.Finding {
	var fs []ops.Finding
	for _, r := range b.Silences {
		for _, s := range r.Value {
			if s.Verdict.Level == ops.LevelWarning {
				fs = append(fs, ops.Finding{Level: ops.LevelWarning, Ref: s.Ref, What: ops.Textf("silence of %s %s", s.By, s.Verdict.Word),
					Cause: s.Verdict.Cause, Next: s.Verdict.Next, Since: s.Starts})
			}
		}
	}
	for _, r := range b.Indicators {
		ref := ops.NewRef(ops.KindSource, "", r.Source.String())
		for _, k := range r.Value.KPIs {
			if k.Level == ops.LevelWarning {
				fs = append(fs, ops.Finding{Level: ops.LevelWarning, Ref: ref, What: ops.Textf("%s misses its target", k.Name), Cause: k.What})
			}
		}
		for _, p := range r.Value.Pipelines {
			if v := p.Verdict; v.Level == ops.LevelWarning || v.Level == ops.LevelCritical {
				fs = append(fs, ops.Finding{Level: v.Level, Ref: ref, What: ops.Textf("%s %s", p.Name, v.Word), Cause: v.Cause, Next: v.Next, Since: v.Since})
			}
		}
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
