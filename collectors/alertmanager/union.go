package alertmanager

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// unionAlerts puts the peers' alerts together, each fingerprint once, sorted by
// it.
func unionAlerts(views []view, source ops.Text) []ops.AlertmanagerAlert {
	var all []ops.AlertmanagerAlert
	if len(views) == 1 {
		all = views[0].alerts
	} else {
		found := map[ops.Text]ops.AlertmanagerAlert{}
		for _, v := range views {
			for _, a := range v.alerts {
				if was, ok := found[a.Fingerprint]; ok {
					a = mergeAlert(was, a)
				}
				found[a.Fingerprint] = a
			}
		}
		all = slices.Collect(maps.Values(found))
	}
	for i := range all {
		all[i].Paging.Source = source
	}
	slices.SortFunc(all, func(a, b ops.AlertmanagerAlert) int {
		return cmp.Compare(a.Fingerprint.String(), b.Fingerprint.String())
	})
	return slices.CompactFunc(all, func(a, b ops.AlertmanagerAlert) bool { return a.Fingerprint == b.Fingerprint })
}

// mergeAlert joins what two peers say of one alert. A peer that has it active
// sends it, whatever the others suppress: that is the state of the whole.
func mergeAlert(a, b ops.AlertmanagerAlert) ops.AlertmanagerAlert {
	out := a
	if b.Paging.Updated.After(a.Paging.Updated) {
		out = b
	}
	if loud(b.Paging.State) > loud(a.Paging.State) {
		out.Paging.State = b.Paging.State
	} else {
		out.Paging.State = a.Paging.State
	}
	if !a.Starts.IsZero() && a.Starts.Before(out.Starts) {
		out.Starts = a.Starts
	}
	if !b.Starts.IsZero() && b.Starts.Before(out.Starts) {
		out.Starts = b.Starts
	}
	out.Paging.Receivers = joined(a.Paging.Receivers, b.Paging.Receivers)
	out.Paging.SilencedBy = joined(a.Paging.SilencedBy, b.Paging.SilencedBy)
	out.Paging.InhibitedBy = joined(a.Paging.InhibitedBy, b.Paging.InhibitedBy)
	mergeMuting(&out.Paging, a.Paging, b.Paging)
	return out
}

// mergeMuting: who is told by one peer is told, and where one peer does not know, the
// whole is not known.
func mergeMuting(out *ops.Paging, a, b ops.Paging) {
	out.NotTold, out.MutedBy = nil, nil
	for _, to := range a.NotTold {
		if slices.Contains(b.NotTold, to) {
			out.NotTold = append(out.NotTold, to)
		}
	}
	if len(out.NotTold) > 0 || out.State == ops.PagingMuted {
		out.MutedBy = joined(a.MutedBy, b.MutedBy)
	}
	if out.MutingUnknown = a.MutingUnknown.Or(b.MutingUnknown); out.State.Quiet() {
		out.MutingUnknown = ops.Text{}
	}
}

func loud(s ops.PagingState) int {
	return slices.Index([]ops.PagingState{ops.PagingUnprocessed, ops.PagingMuted, ops.PagingInhibited, ops.PagingSilenced, ops.PagingActive}, s)
}

// joined keeps the order of a and adds what only b has. It makes a new slice:
// the old ones belong to other alerts too.
func joined(a, b []ops.Text) []ops.Text {
	if slices.Equal(a, b) {
		return a
	}
	out := slices.Clone(a)
	for _, t := range b {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// unionSilences puts the peers' silences together, the newest word on each, as
// their gossip does. It says false where no peer told its silences.
func unionSilences(views []view) ([]seenSilence, bool) {
	known := false
	found := map[ops.Text]seenSilence{}
	for _, v := range views {
		if v.silencesErr != nil {
			continue
		}
		known = true
		for _, s := range v.silences {
			if was, ok := found[s.Ref.ID]; !ok || s.updated.After(was.updated) {
				found[s.Ref.ID] = s
			}
		}
	}
	out := slices.SortedFunc(maps.Values(found), func(a, b seenSilence) int {
		return cmp.Or(a.Ends.Compare(b.Ends), strings.Compare(a.Ref.ID.String(), b.Ref.ID.String()))
	})
	return out, known
}

// expiredFor is how long an expired silence is still shown: whether something
// just fired or a silence ended is the first question after a page.
const expiredFor = time.Hour

// recent drops what expired earlier, by the cluster's clock, and names the source.
func (c *Collector) recent(all []seenSilence, ahead time.Duration) []ops.Silence {
	oldest := c.cfg.Now().Add(ahead).Add(-expiredFor)
	out := make([]ops.Silence, 0, len(all))
	for _, s := range all {
		if s.State == ops.SilenceExpired && s.Ends.Before(oldest) {
			continue
		}
		out = append(out, c.owned(s))
	}
	return out
}

func (c *Collector) owned(s seenSilence) ops.Silence {
	s.Ref.Source = ops.Clean(c.cfg.Name)
	return s.Silence
}

// settledAfter is how long an Alertmanager may not have heard of every alert:
// Prometheus repeats itself once a minute.
const settledAfter = 2 * time.Minute

// missing returns the alerts that the others hold and a peer does not, though both
// had time to hear of them.
func missing(v view, all []ops.AlertmanagerAlert, now time.Time) []ops.AlertmanagerAlert {
	if up := v.up(); now.Sub(up) < settledAfter {
		return nil
	}
	has := make(map[ops.Text]bool, len(v.alerts))
	for _, a := range v.alerts {
		has[a.Fingerprint] = true
	}
	var out []ops.AlertmanagerAlert
	for _, a := range all {
		if !has[a.Fingerprint] && now.Add(v.clock.Ahead).Sub(a.Starts) > settledAfter {
			out = append(out, a)
		}
	}
	return out
}

// deaf counts the active silences that other peers have held for long and a peer
// does not.
func deaf(v view, all []seenSilence, now time.Time) int {
	has := make(map[ops.Text]bool, len(v.silences))
	for _, s := range v.silences {
		has[s.Ref.ID] = true
	}
	n := 0
	for _, s := range all {
		if s.State == ops.SilenceActive && !has[s.Ref.ID] && now.Add(v.clock.Ahead).Sub(s.updated) > settledAfter {
			n++
		}
	}
	return n
}
