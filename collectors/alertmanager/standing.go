package alertmanager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// standing says how each peer stands.
func (c *Collector) standing(views []view) []ops.Peer {
	out := make([]ops.Peer, 0, len(views))
	for _, v := range views {
		p := ops.Peer{Name: ops.Clean(v.peer.name), At: v.last, Up: v.up()}
		if v.err != nil {
			var words string
			p.State, words = stateOf(v.err)
			p.Why = ops.Clean(words)
		} else {
			p.State, p.Count = ops.SourceOK, len(v.alerts)
			if v.status.Cluster.Status == "settling" {
				p.Why = ops.Lit("settling: it waits for the other members of its cluster")
			}
		}
		out = append(out, p)
	}
	return out
}

// stateOf says how a peer stands after a call that failed, and the cause in words.
func stateOf(err error) (ops.SourceState, string) {
	switch {
	case ops.CodeOf(err) == ops.CodeDenied:
		return ops.SourceDenied, ops.AsError(err).What.String()
	case errors.Is(err, context.DeadlineExceeded):
		return ops.SourceSilent, "accepts connections, gives no answer"
	case errors.Is(err, syscall.ECONNREFUSED):
		return ops.SourceRefused, "connection refused: nobody listens"
	}
	return ops.SourceFailing, err.Error()
}

// silent is the error where no peer gave its alerts. It wraps the one that says
// most: an answer that is wrong before none, none before nobody.
func (c *Collector) silent(views []view) error {
	if len(views) == 1 {
		return views[0].err
	}
	worst := views[0].err
	var words []string
	for _, v := range views {
		state, why := stateOf(v.err)
		words = append(words, v.peer.name+": "+why)
		if was, _ := stateOf(worst); telling(state) > telling(was) {
			worst = v.err
		}
	}
	return &allSilent{ops.Textf("none of %d peers gives its alerts: %s", len(views), strings.Join(words, "; ")), worst}
}

// allSilent says how every peer stands, and is to errors.Is what the worst is.
type allSilent struct {
	what  ops.Text
	worst error
}

func (e *allSilent) Error() string { return e.what.String() }
func (e *allSilent) Unwrap() error { return e.worst }

func telling(s ops.SourceState) int {
	return slices.Index([]ops.SourceState{ops.SourceRefused, ops.SourceSilent, ops.SourceDenied, ops.SourceFailing}, s)
}

// notes tells in words what makes the picture less sure than it looks. Words stay
// the same as long as their cause does: a new one is a change on every screen.
func (c *Collector) notes(views []view, all []ops.AlertmanagerAlert, silences []seenSilence) []ops.Text {
	var out []ops.Text
	add := func(v view, format string, args ...any) {
		prefix := ""
		if len(c.peers) > 1 {
			prefix = v.peer.name + ": "
		}
		out = append(out, ops.Clean(prefix+fmt.Sprintf(format, args...)))
	}
	now := c.cfg.Now()
	for _, v := range views {
		if v.err != nil {
			_, why := stateOf(v.err)
			add(v, "%s", why)
			continue
		}
		if up := v.up(); !up.IsZero() && now.Sub(up) < settledAfter {
			add(v, "up less than two minutes: it may not have heard of every alert yet")
		}
		if missing := missing(v, all, now); len(missing) > 0 {
			add(v, "lacks %d of %s that other peers hold: %s", len(missing), ops.Count(len(all), "alert"), named(missing))
		}
		if v.silencesErr != nil {
			add(v, "its silences cannot be read: %v", v.silencesErr)
		} else if n := deaf(v, silences, now); n > 0 {
			add(v, "lacks %s that other peers hold: it may page what they silence", ops.Count(n, "silence"))
		}
		if v.statusErr != nil {
			add(v, "its status cannot be read: %v", v.statusErr)
		}
		if v.groupsErr != nil {
			add(v, "which alerts a time interval mutes is not known: %v", v.groupsErr)
		}
		if v.more > 0 {
			add(v, "it has more than %d alerts or silences: %d are not read", httpsource.AlertsMost, v.more)
		}
		if v.odd != "" {
			add(v, "a part of its answer is not as expected and left out: %s", v.odd)
		}
		if words := v.clock.Words(); words != "" {
			add(v, "%s", words)
		}
		c.clusterNotes(v, add)
	}
	return out
}

// clusterNotes tells where a peer and its cluster are not one.
func (c *Collector) clusterNotes(v view, add func(view, string, ...any)) {
	members := len(v.status.Cluster.Peers)
	switch v.status.Cluster.Status {
	case "settling":
		add(v, "settling: it waits for the other members of its cluster")
	case "disabled":
		if len(c.peers) > 1 {
			add(v, "its clustering is disabled: silences made elsewhere do not reach it")
		}
	case "ready":
		if members < len(c.peers) {
			add(v, "sees %d of %s of its cluster", members, ops.Count(len(c.peers), "member"))
		} else if members > len(c.peers) {
			add(v, "its cluster has %s, the estate names %d", ops.Count(members, "member"), len(c.peers))
		}
	}
}

// namesMost is how many alerts are named.
const namesMost = 3

func named(alerts []ops.AlertmanagerAlert) string {
	var names []string
	for _, a := range alerts {
		names = append(names, ops.LabelOf(a.Labels, "alertname").Or(a.Fingerprint).String())
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if more := len(names) - namesMost; more > 0 {
		return strings.Join(names[:namesMost], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}

// versions names the peers' versions, each once.
func versions(good []view) ops.Text {
	var out []string
	for _, v := range good {
		if s := v.status.VersionInfo.Version; s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return ops.Clean(strings.Join(out, ", "))
}
