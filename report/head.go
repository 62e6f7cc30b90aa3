package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Head is what stands on the frame of every screen.
type Head struct {
	Estate      string
	Environment string // as the estate says it, in capitals where it is production; Simulated where nothing is real
	Clock       string
	Firing      []Cell // "2 crit", "1 high", or one cell that says why nobody knows
	Clocks      []Cell // "SLA 41m/150m" of each pipeline that runs, "RPO 3m/15m" of each backup plan
	Handled     Cell   // "3 handled": what fires beside and is acked or silenced
	Maintenance []string
	Sources     []Cell // worst first: "docker SILENT 4m", "prometheus ok"
	Worst       Cell   // the reason of the worst source in words; empty: all are ok
	Warnings    []string
	Level       ops.Level
}

// NewHead reads the frame off a board.
func NewHead(b ops.Board, now time.Time) Head {
	h := Head{
		Estate:      b.Estate.Name.String(),
		Environment: b.Estate.Environment.String(),
		Clock:       ops.Clock(now, now),
		Clocks:      append(slaCells(b, now), riskCells(b, now)...),
		Maintenance: Maintenance(b, now),
		Level:       Overall(b),
		Warnings:    warnings(b.Estate.Agent),
	}
	if b.Estate.Environment == ops.Production {
		h.Environment = strings.ToUpper(h.Environment)
	}
	if b.Estate.Simulated {
		h.Environment = Simulated
	}
	h.Firing, h.Handled = firing(b, now)
	var reason string
	h.Sources, reason = sourceWords(b, now)
	h.Worst = toned(reason, ToneOf(sourcesLevel(b)))
	return h
}

// Simulated stands in the place of the environment where nothing is real: in
// capitals, whatever the environment is called.
const Simulated = "SIMULATED"

// warnings are what the frame has to say of the agent.
func warnings(a ops.AgentInfo) []string {
	var out []string
	if !a.History.Empty() {
		out = append(out, "history: "+a.History.String())
	}
	for _, w := range a.Warnings {
		out = append(out, w.String())
	}
	return out
}

// Overall is the level of the estate, never better than its required sources
// allow.
func Overall(b ops.Board) ops.Level {
	if level := sourcesLevel(b); level.Worse(b.Level) {
		return level
	}
	return b.Level
}

// sourcesLevel is the worst level of the sources.
func sourcesLevel(b ops.Board) ops.Level {
	level := worst()
	for _, s := range b.Sources {
		level = worst(level, sourceLevel(s))
	}
	return level
}

// sourceWords are how the sources stand, the worst first, and the most important
// reason in words: what cannot be read, else what answers and is doubted, else what
// a source warns of.
func sourceWords(b ops.Board, now time.Time) ([]Cell, string) {
	sorted := slices.Clone(b.Sources)
	slices.SortStableFunc(sorted, func(x, y ops.Source) int {
		return ops.WorstFirst(sourceLevel(x), sourceLevel(y))
	})
	var cells []Cell
	var broken, doubted, warned string
	for _, s := range sorted {
		cells = append(cells, sourceCell(s, now))
		said := s.Doubt.String()
		switch {
		case s.State != ops.SourceOK && broken == "":
			broken = sourceReason(s, now)
		case said != "" && doubted == "":
			doubted = said
		case len(s.Notes) > 0 && warned == "":
			warned = s.Name.String() + ": " + s.Notes[0].String()
		}
	}
	return cells, cmp.Or(broken, doubted, warned)
}

func sourceCell(s ops.Source, now time.Time) Cell {
	word := s.Name.String() + " " + StateWord(s.State, s.Live)
	switch {
	case s.State != ops.SourceOK && !s.Since.IsZero():
		word += " " + ops.Age(s.Since, now)
	case s.State == ops.SourceOK && !s.Doubt.Empty():
		word = s.Name.String() + " DOUBTED"
	case s.State == ops.SourceOK && len(s.Notes) > 0:
		word += " (warns)"
	}
	return toned(join(" ", word, peerWord(s)), ToneOf(sourceLevel(s)))
}

// peerWord says how many members of a cluster answer: "1/2 peers". A cluster of
// one that answers needs no word.
func peerWord(s ops.Source) string {
	ok := 0
	for _, p := range s.Peers {
		if p.State == ops.SourceOK {
			ok++
		}
	}
	if len(s.Peers) < 2 && ok == len(s.Peers) {
		return ""
	}
	return fmt.Sprintf("%d/%d peers", ok, len(s.Peers))
}

func sourceReason(s ops.Source, now time.Time) string {
	out := s.Name.String() + " " + StateWord(s.State, false)
	if !s.Since.IsZero() {
		out += " since " + ops.Clock(s.Since, now)
	}
	if s.State == ops.SourcePending { // that is all there is to say
		return out
	}
	return out + why(s.Why)
}

// alertCount is the firing alerts of one rank.
type alertCount struct {
	rank    ops.Rank
	n       int
	acked   int
	quiet   map[ops.PagingState]int // silenced, inhibited or muted
	handled int                     // acked, silenced or inhibited, each once
	level   ops.Level               // the worst of them
	oldest  time.Time
	ref     ops.Ref // the oldest one
}

func (c *alertCount) add(a *ops.Alert, v pagingView) {
	c.rank, c.n = a.Severity.Rank, c.n+1
	acked, held := !a.Ack.At.IsZero(), v.held(a)
	if acked {
		c.acked++
	}
	if a.Paging.State.Quiet() && v.known(a.Paging) {
		if c.quiet == nil {
			c.quiet = map[ops.PagingState]int{}
		}
		c.quiet[a.Paging.State]++
	}
	if acked || held {
		c.handled++
	}
	c.level = worst(c.level, a.Level)
	if c.oldest.IsZero() || a.Since.Before(c.oldest) {
		c.oldest, c.ref = a.Since, a.Ref
	}
}

// open is how many of them nobody has taken and nothing holds.
func (c alertCount) open() int { return c.n - c.handled }

// held says how many of them somebody took, or what keeps them quiet: "1 acked, 2
// silenced".
func (c alertCount) held() string {
	var parts []string
	if c.acked > 0 {
		parts = append(parts, fmt.Sprintf("%d acked", c.acked))
	}
	for _, s := range []ops.PagingState{ops.PagingSilenced, ops.PagingInhibited, ops.PagingMuted} {
		if n := c.quiet[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return join(", ", parts...)
}

// countFiring counts by fingerprint, so that two Prometheus servers that see the
// same alert count once; worst rank first.
func countFiring(b ops.Board, now time.Time) []alertCount {
	counts, paging := make([]alertCount, int(ops.RankCritical)+1), newPagingView(b, now)
	for i := range counts {
		counts[i].level = worst()
	}
	for _, it := range distinct(b) {
		if it.a.State == ops.AlertFiring && !repeated(b, it.a) {
			counts[min(it.a.Severity.Rank, ops.RankCritical)].add(it.a, paging)
		}
	}
	counts = slices.DeleteFunc(counts, func(c alertCount) bool { return c.n == 0 })
	slices.Reverse(counts)
	return counts
}

// alertsStanding returns how the worst reading stands of the servers that say what
// fires, and whether all are fresh. An Alertmanager only tells of it; its word
// counts where there is no Prometheus. An estate without either has nothing that
// could fire.
func alertsStanding(b ops.Board, now time.Time) (phrase string, fresh bool) {
	rules := slices.ContainsFunc(b.Alerts, func(r ops.Reading[[]ops.Alert]) bool { return !tellsOnly(b, r.Source) })
	for _, r := range b.Alerts {
		if rules && tellsOnly(b, r.Source) {
			continue
		}
		if !r.Fresh() {
			return originOf(r).standing(now), false
		}
		if d := doubt(b, r.Source); d != "" {
			return d, false
		}
	}
	return "", true
}

// tellsOnly reports whether a source is an Alertmanager.
func tellsOnly(b ops.Board, source ops.Text) bool {
	s, _ := b.Source(source)
	return s.Kind == ops.SourceAlertmanager
}

// doubt returns why a source's word is worth nothing although it answers: a
// Prometheus whose rules are not loaded fires no alerts either.
func doubt(b ops.Board, source ops.Text) string {
	s, _ := b.Source(source)
	return s.Doubt.String()
}

// noneFires is good only where whoever would tell of an alert is well, too.
func noneFires(b ops.Board, now time.Time) Cell {
	for _, s := range b.Sources {
		if s.Kind == ops.SourceAlertmanager && s.State != ops.SourceOK {
			return toned("0 alerts, "+s.Name.String()+" "+StateWord(s.State, false), ToneUnknown)
		}
	}
	return toned("0 alerts", ToneOf(worst()))
}

func rankWord(r ops.Rank) string {
	switch r {
	case ops.RankCritical:
		return "crit"
	case ops.RankNone:
		return "unranked"
	}
	return r.String()
}

// firing counts what fires and nobody has taken, by rank; handled is the rest, and
// has no text where there is none.
func firing(b ops.Board, now time.Time) (out []Cell, handled Cell) {
	if len(b.Alerts) == 0 {
		return nil, Cell{}
	}
	phrase, fresh := alertsStanding(b, now)
	held := 0
	for _, c := range countFiring(b, now) {
		held += c.handled
		if c.open() == 0 {
			continue
		}
		word := rankWord(c.rank)
		if c.rank == ops.RankMedium { // the frame is short of room
			word = "med"
		}
		out = append(out, toned(fmt.Sprintf("%d %s", c.open(), word), ToneOf(c.level)))
	}
	if held > 0 {
		handled = toned(fmt.Sprintf("%d handled", held), ToneInfo)
	}
	switch {
	case !fresh && len(out) == 0: // the sources line beside it says why
		out = []Cell{toned("alerts unknown", ToneUnknown)}
	case !fresh:
		out = append(out, toned("as of "+phrase, ToneUnknown))
	case len(out) == 0 && held > 0:
		return []Cell{handled}, Cell{}
	case len(out) == 0:
		out = []Cell{noneFires(b, now)}
	}
	return out, handled
}
