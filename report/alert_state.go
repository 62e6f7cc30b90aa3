package report

import (
	"strings"
	"time"

	"opsdeck/ops"
)

// pagingView is how far Alertmanager's word can be trusted now.
type pagingView struct {
	any      bool                   // the estate has an Alertmanager
	all      bool                   // every one of them can be asked now
	readable map[ops.Text]bool      // which of them
	ends     map[ops.Text]time.Time // silence id -> end
	standing string                 // of the first that cannot be asked
}

// newPagingView reads it off a board. An Alertmanager that answers and lacks
// alerts can be asked: what it says of each alert is the news.
func newPagingView(b ops.Board, now time.Time) pagingView {
	v := pagingView{all: true, readable: map[ops.Text]bool{}, ends: map[ops.Text]time.Time{}}
	for _, s := range b.Sources {
		if s.Kind != ops.SourceAlertmanager {
			continue
		}
		v.any = true
		ok := s.State.Answers()
		v.readable[s.Name] = ok
		if !ok && v.standing == "" {
			v.standing = sourceOrigin(s).standing(now)
		}
		v.all = v.all && ok
	}
	for s := range ops.All(b.Silences) {
		v.ends[s.Ref.ID] = s.Ends
	}
	return v
}

// known reports whether what is known of an alert's paging is true now.
func (v pagingView) known(p ops.Paging) bool {
	switch {
	case p.State == ops.PagingDropped:
		return true
	case !p.MutingUnknown.Empty():
		return false
	}
	if p.State == ops.PagingAbsent || p.Source.Empty() {
		return v.any && v.all && p.State != ops.PagingUnknown
	}
	return v.readable[p.Source]
}

// held reports whether a silence or another alert keeps an alert quiet, as far as is
// known now.
func (v pagingView) held(a *ops.Alert) bool { return a.Paging.State.Held() && v.known(a.Paging) }

// until is when the last of the silences that hold an alert ends.
func (v pagingView) until(p ops.Paging) time.Time {
	var end time.Time
	for _, id := range p.SilencedBy {
		if at := v.ends[id]; at.After(end) {
			end = at
		}
	}
	return end
}

// alertState is the one word or two that say how an alert stands: whether it
// fires, whether anybody is told of it, and who took it.
func alertState(a *ops.Alert, v pagingView, fresh bool, now time.Time) Cell {
	word, tone := a.State.String(), ToneOf(a.Severity.Rank.Level())
	if a.State != ops.AlertFiring {
		tone = ToneOf(a.Level)
	}
	if !fresh {
		return Cell{Text: "was " + word, Tone: ToneUnknown, Value: word}
	}
	cell := Cell{Text: word, Tone: tone, Value: word}
	if a.State != ops.AlertFiring {
		return cell
	}
	paged, held := pagingWord(a, v, now)
	if held {
		cell.Tone = ToneMuted
	}
	if !a.Ack.At.IsZero() {
		cell.Text, cell.Tone = "acked "+a.Ack.By.String()+" "+ops.Age(a.Ack.At, now), ToneOf(a.Level)
	}
	switch {
	case paged == "":
	case cell.Text == word && (held || paged == notPaged):
		cell.Text = paged
	default:
		cell.Text += ", " + paged
	}
	if paged == notPaged {
		cell.Tone = ToneOf(a.Paging.Level)
	}
	return cell
}

// droppedOnPurpose stands where the configuration of a Prometheus keeps an alert
// from Alertmanager: nobody is told, and that is as somebody wanted it.
const droppedOnPurpose = "dropped on purpose"

// partlyMuted stands where a time interval keeps an alert from some of those it goes to.
const partlyMuted = "partly muted"

// notPaged stands where an alert fires and nobody is notified.
const notPaged = "NOT PAGED"

// pagingWord says what Alertmanager makes of a firing alert; nothing where it
// goes to its receivers. held: somebody or something keeps it quiet.
func pagingWord(a *ops.Alert, v pagingView, now time.Time) (word string, held bool) {
	switch {
	case !v.any:
		return "", false
	case !v.known(a.Paging) && a.Paging.State.Quiet():
		return "paging unknown, was " + a.Paging.State.String(), false
	case !v.known(a.Paging):
		return "paging unknown", false
	case a.Paging.State == ops.PagingDropped:
		return droppedOnPurpose, false
	case a.Unpaged(now):
		return notPaged, false
	case a.Paging.State == ops.PagingSilenced:
		if end := v.until(a.Paging); !end.IsZero() {
			return "silenced until " + ops.Clock(end, now), true
		}
		return "silenced", true
	case a.Paging.State.Held():
		return a.Paging.State.String(), true
	case a.Paging.State == ops.PagingMuted:
		return a.Paging.State.String(), false
	case len(a.Paging.NotTold) > 0:
		return partlyMuted, false
	}
	return "", false
}

// service is what an alert is about, by the estate, by its own label, by what is behind
// it, or by the nearest label there is.
func service(a *ops.Alert) string {
	if s := a.Service.Or(ops.LabelOf(a.Labels, "service")); !s.Empty() {
		return s.String()
	}
	if len(a.Suspects) > 0 && !a.Suspects[0].Guess {
		return a.Suspects[0].Ref.ID.String()
	}
	return ops.LabelOf(a.Labels, "job").String()
}

// LabelText writes the labels that tell instances of one alert apart.
func LabelText(a ops.Alert) string {
	var b strings.Builder
	for _, l := range a.Labels {
		switch l.Name.String() {
		case "alertname", "severity", "service":
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(l.Name.String() + "=" + l.Value.String())
	}
	return b.String()
}
