package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

func containerColumns() []Column {
	return []Column{
		{Key: "name", Title: "NAME", Priority: 100, Min: 12, Max: 34},
		{Key: "state", Title: "STATE", Priority: 99, Max: 16},
		{Key: "since", Title: "SINCE", Right: true, Priority: 90},
		{Key: "health", Title: "HEALTH", Priority: 60, Max: 11},
		{Key: "restarts", Title: "RST", Right: true, Priority: 80},
		{Key: "cpu", Title: "CPU", Right: true, Priority: 85},
		{Key: "memory", Title: "MEM/LIMIT", Right: true, Priority: 70},
		{Key: "cause", Title: "CAUSE", Priority: 50, Min: 18, Max: 60},
		{Key: "ports", Title: "PORTS", Priority: 30, Max: 26},
		{Key: "image", Title: "IMAGE", Priority: 20, Max: 40},
	}
}

// Containers returns every container, found or expected, problems first within
// projects and the projects with problems first; what is not the estate's own last.
func Containers(b ops.Board, now time.Time) Table {
	t := Table{Name: "containers", Columns: containerColumns(), Groups: map[string]string{}}
	figures := make(map[ops.Ref]ops.ContainerStats, len(b.Stats))
	for _, f := range b.Stats {
		figures[f.Ref] = f
	}
	several, groups := len(b.Containers) > 1, map[string]*runningOf{}
	for _, r := range b.Containers {
		from := originOf(r)
		sure := r.Fresh() && doubt(b, r.Source) == ""
		for _, c := range r.Value {
			row := containerRow(c, figures[c.Ref], from, now)
			row.Group = group(c, several)
			t.Rows = append(t.Rows, row)
			if groups[row.Group] == nil {
				groups[row.Group] = &runningOf{sure: true}
			}
			groups[row.Group].add(c, sure)
		}
	}
	sortGroups(t.Rows)
	for name, n := range groups {
		t.Groups[name] = n.words()
	}
	if len(t.Rows) == 0 {
		t.Note = containersNote(b, now)
	}
	return t
}

// runningOf is how many containers of a project run, counted as the frame counts them.
type runningOf struct {
	all, up int
	sure    bool
}

func (n *runningOf) add(c ops.Container, sure bool) {
	n.all, n.sure = n.all+1, n.sure && sure
	if runs(c) {
		n.up++
	}
}

func (n *runningOf) words() string {
	word := "running"
	if !n.sure {
		word = "were running"
	}
	return fmt.Sprintf("%d/%d %s", n.up, n.all, word)
}

func containersNote(b ops.Board, now time.Time) string {
	if len(b.Containers) == 0 {
		return noneOf("Docker", ops.SourceDocker)
	}
	return cmp.Or(unread("containers", b.Containers, now), "no containers: the daemon answered and has none")
}

func containerRow(c ops.Container, f ops.ContainerStats, from Origin, now time.Time) Row {
	return Row{
		Ref: c.Ref, Level: aged(c.Verdict.Level, from.Fresh()), From: from, Detail: subject(c.Name.String(), c.Verdict), Next: c.Verdict.Next,
		Cells: []Cell{
			text(c.Name.String()),
			containerState(c, from),
			containerSince(c, from, now),
			containerHealth(c, from),
			restarts(c, now),
			cpu(f, from),
			memory(c, f, from),
			cause(c),
			orNothing(Ports(c.Ports)),
			orNothing(c.Image.String()),
		},
	}
}

// foreignGroup is the group of containers that are not the estate's own.
const foreignGroup = "not of this estate"

// group is the compose project, and where there are several Docker hosts also the
// host: a project of the same name on two of them is two.
func group(c ops.Container, several bool) string {
	if several {
		return project(c) + " on " + c.Ref.Source.String()
	}
	return project(c)
}

func project(c ops.Container) string {
	switch {
	case c.Foreign:
		return foreignGroup
	case c.State == ops.ContainerMissing && c.Duty == ops.DutyOptional:
		return "optional, not there"
	case !c.Project.Empty():
		return c.Project.String()
	case c.State == ops.ContainerMissing:
		return "expected, not found"
	}
	return "no compose project"
}

// about puts the subject before what is said of it, where that does not name it itself;
// nothing said is nothing.
func about(subject, said string) string {
	if said == "" || strings.HasPrefix(said, subject+": ") {
		return said
	}
	return subject + ": " + said
}

// subject puts the subject before a verdict's cause, and before what to do next
// where no cause is known.
func subject(name string, v ops.Verdict) string {
	if v.Cause.Empty() && len(v.Next) > 0 {
		return name + ":"
	}
	return about(name, v.Cause.String())
}

// containerState is the verdict's word where judge found one, else Docker's. Of
// a source that fell silent it is told in the past tense.
func containerState(c ops.Container, from Origin) Cell {
	word := c.Verdict.Word.Or(ops.Clean(c.State.String())).String()
	cell := Cell{Text: word, Tone: ToneOf(c.Verdict.Level), Value: c.State.String()}
	if !from.Fresh() {
		cell.Text, cell.Tone = "was "+word, ToneUnknown
	}
	return cell
}

// containerSince is how long the state has lasted that the row names; of a silent
// source, how long it had lasted when it was last seen.
func containerSince(c ops.Container, from Origin, now time.Time) Cell {
	if !from.Fresh() {
		now = from.At
	}
	return moment(c.Verdict.Since, now)
}

func containerHealth(c ops.Container, from Origin) Cell {
	word := c.Health.String()
	switch {
	case c.Health == ops.HealthNone || c.State != ops.ContainerRunning:
		return nothing()
	case !from.Fresh():
		return toned("was "+word, ToneUnknown)
	case c.Health == ops.HealthHealthy: // whatever else is wrong with it
		return toned(word, ToneOf(worst()))
	case c.Health == ops.HealthUnknown:
		return toned(word, ToneUnknown)
	}
	return toned(word, ToneOf(c.Verdict.Level))
}

// rateWindow is over which it is told how fast restarts come.
const rateWindow = 10 * time.Minute

// recentDeaths counts the ends nobody asked for. One by itself is no rate.
func recentDeaths(c ops.Container, now time.Time) int {
	n := 0
	for _, d := range c.ExitEvents {
		if !d.Requested && now.Sub(d.At) <= rateWindow {
			n++
		}
	}
	return n
}

func restarts(c ops.Container, now time.Time) Cell {
	if c.State == ops.ContainerMissing {
		return nothing()
	}
	cell := Cell{Text: fmt.Sprint(c.Restarts), Value: c.Restarts}
	if n := recentDeaths(c, now); n > 1 {
		cell.Text += fmt.Sprintf(" %d/10m", n)
	}
	cell.Tone = loud(c.RestartLevel, TonePlain)
	if c.Restarts == 0 {
		cell.Tone = ToneMuted
	}
	return cell
}

func cpu(f ops.ContainerStats, from Origin) Cell {
	if !f.CPU.Known || !from.Fresh() {
		return Cell{Text: ops.Never, Tone: ToneMuted, Unit: "ratio"}
	}
	return Cell{Text: ops.Percent(f.CPU.Value), Value: f.CPU.Value, Unit: "ratio"}
}

func memory(c ops.Container, f ops.ContainerStats, from Origin) Cell {
	limit := float64(c.MemoryLimit)
	if limit == 0 && f.Limit.Known {
		limit = f.Limit.Value
	}
	cell := Cell{Text: ops.Never, Tone: ToneMuted, Unit: "bytes"}
	if f.Memory.Known && from.Fresh() {
		cell = Cell{Text: ops.Size(f.Memory.Value), Value: f.Memory.Value, Unit: "bytes", Tone: loud(f.MemoryLevel, TonePlain)}
		if limit > 0 {
			cell.Text += "/" + ops.Size(limit)
		}
	}
	return cell
}

func cause(c ops.Container) Cell {
	if c.Verdict.Cause.Empty() {
		return Cell{Tone: ToneMuted}
	}
	return text(c.Verdict.Cause.String())
}

func orNothing(s string) Cell {
	if s == "" {
		return nothing()
	}
	return toned(s, ToneMuted)
}

// Ports says which ports lead in: "8080->80" published everywhere,
// "127.0.0.1:5432->5432", "9000" exposed only. The protocol is named unless tcp.
func Ports(ports []ops.Port) string {
	var out []string
	for _, p := range ports {
		s := fmt.Sprint(p.Inside)
		if p.Public != 0 {
			s = fmt.Sprintf("%d->%d", p.Public, p.Inside)
			if h := p.Host.String(); h != "" && h != "0.0.0.0" && h != "::" {
				s = h + ":" + s
			}
		}
		if proto := p.Proto.String(); proto != "" && proto != "tcp" {
			s += "/" + proto
		}
		if !slices.Contains(out, s) { // Docker lists 0.0.0.0 and :: as two
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

// sortGroups orders rows: the group with the worst row first, then by name;
// within a group the worst first, then by name.
func sortGroups(rows []Row) {
	worst := map[string]ops.Level{}
	for _, r := range rows {
		if l, seen := worst[r.Group]; !seen || r.Level.Worse(l) {
			worst[r.Group] = r.Level
		}
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Or(
			last(a.Group)-last(b.Group),
			ops.WorstFirst(worst[a.Group], worst[b.Group]),
			cmp.Compare(a.Group, b.Group),
			ops.WorstFirst(a.Level, b.Level),
			cmp.Compare(a.Cells[0].Text, b.Cells[0].Text),
			cmp.Compare(a.From.Source, b.From.Source),
		)
	})
}

// last puts a group behind all others.
func last(group string) int {
	if strings.HasPrefix(group, foreignGroup) {
		return 1
	}
	return 0
}
