package judge

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// Board fills in what follows from several parts of a board together: the levels of
// its sources, alerts and incidents, what it asks its reader to look at, worst first,
// and the level of the whole. Containers, databases, jobs, silences and indicators
// were judged one by one before. It copies what it changes, because boards already
// handed out share it, and names the sections that read differently, of the findings
// apart.
func Board(e ops.Estate, b *ops.Board, now time.Time) []ops.Section {
	var changed []ops.Section
	if judgeSources(e, b) {
		changed = append(changed, ops.SectionSources)
	}
	if judgeAlerts(b, now) {
		changed = append(changed, ops.SectionAlerts)
	}
	if judgeIncidents(b) {
		changed = append(changed, ops.SectionIncidents)
	}
	if judgeTwins(b, now) {
		changed = append(changed, ops.SectionDatabases)
	}
	if judgeBackups(e, b, now) {
		changed = append(changed, ops.SectionBackups)
	}
	b.Findings = findings(e, b, now)
	b.Level = level(b)
	b.Findings = append(b.Findings, lateFindings(b)...)
	return changed
}

// judgeIncidents says that an open one is information: what is wrong is found by
// itself, and that somebody works on it makes it no worse.
func judgeIncidents(b *ops.Board) bool {
	return judgeEach(&b.Incidents, func(in *ops.Incident) bool {
		was := in.Level
		if in.Level = ops.LevelOK; in.Open() || !in.Unrestored.Empty() {
			in.Level = ops.LevelInfo
		}
		return in.Level != was
	})
}

// judgeEach judges every element of a slice that others may hold, and puts a copy in
// its place if one reads differently.
func judgeEach[S ~[]T, T any](all *S, judged func(*T) bool) bool {
	copied := false
	for i := range *all {
		v := (*all)[i]
		if !judged(&v) {
			continue
		}
		if !copied {
			*all, copied = slices.Clone(*all), true
		}
		(*all)[i] = v
	}
	return copied
}

// findings are what a board asks its reader to look at: the causes worst first, and
// behind each what it makes.
func findings(e ops.Estate, b *ops.Board, now time.Time) []ops.Finding {
	fs := containerFindings(b)
	fs = append(fs, databaseFindings(b)...)
	for _, r := range b.Backups {
		if r.Known() {
			fs = append(fs, r.Value.Findings...)
		}
	}
	causes := newCauses(e, fs)
	causes.unread(b.Sources)
	fs = append(fs, alertFindings(e, b, causes)...)
	for _, s := range b.Sources {
		switch {
		case s.State != ops.SourceOK:
			fs = append(fs, sourceFinding(s))
		case !s.Doubt.Empty():
			fs = append(fs, doubtFinding(s))
		}
		for _, n := range s.Notes {
			fs = append(fs, ops.Finding{Level: noteLevel, Ref: s.Ref, What: ops.Textf("%s warns", s.Name), Cause: n, Under: causes.ofTargets(n)})
		}
	}
	fs = append(fs, verdictFindings(b, causes)...)
	fs = append(fs, loadFindings(b, now)...)
	for _, in := range b.Incidents {
		if in.Open() {
			fs = append(fs, ops.Finding{Level: in.Level, Ref: in.Ref, What: ops.Textf("incident %s open", in.Ref.ID), Cause: in.Title, Since: in.Opened})
		}
	}
	for _, j := range b.Jobs {
		if f, ok := jobFinding(j); ok {
			fs = append(fs, f)
		}
	}
	return together(fs)
}

func containerFindings(b *ops.Board) []ops.Finding {
	var fs []ops.Finding
	for c := range ops.All(b.Containers) {
		settled := byMark(c) && (c.Latch.Acked() || c.Latch.Late) // it is well, and acknowledged or told below
		if c.Verdict.Level != ops.LevelOK && !settled && !c.Foreign {
			fs = append(fs, containerFinding(c))
		}
	}
	return fs
}

func databaseFindings(b *ops.Board) []ops.Finding {
	var fs []ops.Finding
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
	for i, f := range fs { // what it was put down to may be over, and its own end not seen yet
		if !f.Under.Zero() && !slices.ContainsFunc(fs, func(x ops.Finding) bool { return x.Ref == f.Under && x.Under.Zero() }) {
			fs[i].Under = ops.Ref{}
		}
	}
	return fs
}

// standing is how an alert stands with people: somebody took it, a silence or
// another alert keeps it quiet, or it fires, perhaps without somebody being told.
func standing(sources []ops.Source, a *ops.Alert) string {
	switch answers := canBeAsked(sources, a.Paging.Source); {
	case !a.Handled(answers) && answers:
		return a.Paging.Muting()
	case !a.Handled(answers):
		return ""
	case !a.Ack.At.IsZero():
		return "acked by " + a.Ack.By.String()
	}
	return a.Paging.State.String()
}

// alertFindings makes one finding of all firing instances of one alert, severity,
// standing and cause: a storm of 5,000 is a few rows, with the exact count.
func alertFindings(e ops.Estate, b *ops.Board, causes *causes) []ops.Finding {
	type class struct {
		name, severity ops.Text
		held           string
		under          ops.Ref
		guess          bool
	}
	var fs []ops.Finding
	counts, at := map[class]int{}, map[class]int{}
	for _, d := range ops.DistinctAlerts(b.Alerts) {
		a := d.Alert
		if a.State != ops.AlertFiring || !e.Watchdog.Empty() && a.Name == e.Watchdog || a.TellsOfBackup(e.Name) {
			continue
		}
		held := standing(b.Sources, a)
		under, guess := causes.behind(a)
		key := class{a.Name, a.Severity.Name, held, under, guess}
		if counts[key]++; counts[key] == 1 {
			at[key] = len(fs)
			fs = append(fs, alertFinding(a, held))
		}
		f := &fs[at[key]]
		if f.Under, f.Guess = under, guess; under.Zero() {
			under = f.Ref
		}
		causes.fires(under, a)
		if a.Since.Before(f.Since) {
			f.Since = a.Since
		}
		if n := counts[key]; n > 1 {
			f.What = ops.Textf("%s %s x%d", a.Severity.Name, a.Name, n)
		}
	}
	return fs
}

// Firing are the firing alerts of a board, each fingerprint once, without the
// watchdog.
func Firing(e ops.Estate, b ops.Board) []ops.Alert {
	var out []ops.Alert
	for _, d := range ops.DistinctAlerts(b.Alerts) {
		if d.Alert.State == ops.AlertFiring && (e.Watchdog.Empty() || d.Alert.Name != e.Watchdog) {
			out = append(out, *d.Alert)
		}
	}
	return out
}

// alertFinding is the finding of the first instance.
func alertFinding(a *ops.Alert, held string) ops.Finding {
	f := ops.Finding{Level: a.Level, Ref: a.Ref, Cause: a.Summary, Since: a.Since,
		What: ops.Textf("%s %s", a.Severity.Name, a.Name)}
	switch {
	case held != "" && a.Summary.Empty():
		f.Cause = ops.Clean(held)
	case held != "":
		f.Cause = ops.Textf("%s; %s", held, a.Summary)
	}
	return f
}

// verdictFindings are what silences, KPIs and pipelines ask of the reader.
func verdictFindings(b *ops.Board, causes *causes) []ops.Finding {
	var fs []ops.Finding
	for s := range ops.All(b.Silences) {
		if s.Verdict.Level.Bad() {
			fs = append(fs, ops.Finding{Level: s.Verdict.Level, Ref: s.Ref, What: ops.Textf("silence of %s %s", s.By, s.Verdict.Word),
				Cause: s.Verdict.Cause, Next: s.Verdict.Next, Since: s.Starts})
		}
	}
	for _, r := range b.Indicators {
		ref := ops.NewRef(ops.KindSource, "", r.Source.String())
		for _, k := range r.Value.KPIs {
			if k.Level.Bad() {
				fs = append(fs, ops.Finding{Level: k.Level, Ref: ref, What: ops.Textf("%s misses its target", k.Name), Cause: k.What, Under: causes.ofKPI(k), Guess: true})
			}
		}
		for _, p := range r.Value.Pipelines {
			if v := p.Verdict; v.Level.Bad() {
				fs = append(fs, ops.Finding{Level: v.Level, Ref: ref, What: ops.Textf("%s %s", p.Name, v.Word), Cause: v.Cause, Next: v.Next, Since: v.Since})
			}
		}
	}
	return fs
}

// Job judges how a job stands. A failed one is a warning and not critical: it is
// over, and what it left behind is judged by itself. Neither is one whose end
// nobody saw unknown: that would make the whole estate unknown for as long as the
// job is listed. What somebody canceled is as it was asked for.
func Job(s ops.JobState) ops.Level {
	switch s {
	case ops.JobSucceeded:
		return ops.LevelOK
	case ops.JobQueued, ops.JobRunning, ops.JobCanceled:
		return ops.LevelInfo
	}
	return ops.LevelWarning
}

// jobFinding keeps a job whose end nobody saw in front of people. One that failed
// told its starter so, and stands in the history.
func jobFinding(j ops.Job) (ops.Finding, bool) {
	switch j.State {
	case ops.JobUnknown, ops.JobLost, ops.JobOrphaned:
		return ops.Finding{Level: Job(j.State), Ref: ops.NewRef(ops.KindJob, "", ops.Textf("%d", j.ID).String()),
			What: ops.Textf("job %d %s: %s", j.ID, j.State, j.Title), Cause: j.End(), Since: j.Ended}, true
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
		worst = ops.Worst(worst, f.Level)
	}
	return worst
}
