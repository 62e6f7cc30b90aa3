// Package silence makes, extends and expires silences of an Alertmanager cluster,
// and maintenance windows, which are silences planned ahead. Its plans show what a
// silence would hide now, worked out here: Alertmanager has no dry run.
package silence

import (
	"context"
	"time"

	"opsdeck/ops"
)

// Client is what the actions ask of a cluster. Times are by our clock; the client
// knows how far the server's is from it.
type Client interface {
	// URL is the address amtool is given, without userinfo.
	URL() ops.Text
	// Silences lists the silences of all peers, expired ones too.
	Silences(ctx context.Context) ([]ops.Silence, error)
	// Alerts lists the alerts of all peers.
	Alerts(ctx context.Context) ([]ops.AlertmanagerAlert, error)
	// Post makes a silence of Matchers, By, Comment, Starts (zero: now) and Ends,
	// or takes an equal one. An error of CodeUnanswered means that it may exist.
	Post(ctx context.Context, s ops.Silence) (id ops.Text, notes []ops.Text, err error)
	// Extend moves the end; the id may be another one afterwards.
	Extend(ctx context.Context, id ops.Text, ends time.Time) (newID ops.Text, notes []ops.Text, err error)
	// Expire ends a silence now.
	Expire(ctx context.Context, id ops.Text) (notes []ops.Text, err error)
}

// New returns the actions on the silences of the cluster behind c, which the
// estate calls source.
func New(c Client, source string, now func() time.Time) []ops.Action {
	f := family{client: c, source: ops.Clean(source), now: now, watch: 3 * time.Second, lookEvery: 200 * time.Millisecond}
	return []ops.Action{&create{f}, &extend{f}, &expire{f}, &maintain{f}}
}

// family is what the actions share.
type family struct {
	client    Client
	source    ops.Text
	now       func() time.Time
	watch     time.Duration // how long a new silence is watched for taking effect
	lookEvery time.Duration
}

// create silences alerts, from one of them.
type create struct{ family }

// extend moves the end of a silence.
type extend struct{ family }

// expire ends a silence.
type expire struct{ family }

// maintain makes a maintenance window.
type maintain struct{ family }

// Describe says what the action does. It is disruptive: what it hides pages
// nobody, and the wrong matcher hides what nobody meant.
func (*create) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Lit("silence.create"), Verb: ops.Lit("silence"), Class: ops.ClassDisruptive, On: ops.KindAlert, Reason: commentParam.Name, Paging: true,
		What: ops.Lit("keeps Alertmanager from telling anybody of what the matchers select, for a while"),
		Params: []ops.ParamInfo{
			param("matchers", `what is silenced: alertname="Down", service=~"web.*"; empty: this alert alone, by all its labels`, ""),
			durationParam, commentParam,
			param("purpose", "silence, ack (the comment begins with ACK!) or maintenance", "silence"),
		}}
}

// Describe says what the action does. It is disruptive for the reason that making
// a silence is: for longer, nobody is told.
func (f *extend) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Lit("silence.extend"), Verb: ops.Lit("extend"), Class: ops.ClassDisruptive, On: ops.KindSilence, Source: f.source, Paging: true,
		What:   ops.Lit("moves the end of the silence"),
		Params: []ops.ParamInfo{param("by", "how much later it ends: 30m, 1h, 1d", "1h")}}
}

// Describe says what the action does. It is safe: it only lets people be told
// again; its plan asks for a yes where that begins at once.
func (f *expire) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Lit("silence.expire"), Verb: ops.Lit("expire"), Class: ops.ClassSafe, On: ops.KindSilence, Source: f.source,
		What: ops.Lit("ends the silence, or the maintenance window, now")}
}

// Describe says what the action does. It is a silence, and disruptive as one.
func (*maintain) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Lit("maintenance.start"), Verb: ops.Lit("maintenance"), Class: ops.ClassDisruptive, On: ops.KindEstate, Reason: commentParam.Name, Paging: true,
		What: ops.Lit("plans a window in which what the matchers select pages nobody; its reason shows on every screen"),
		Params: []ops.ParamInfo{
			param("matchers", `what is silenced: service="web", instance=~"db-1.*"`, ""),
			param("from", "when it begins: now, or 2026-01-31T22:00Z", "now"),
			durationParam, commentParam,
		}}
}

func param(name, what, other string) ops.ParamInfo {
	return ops.ParamInfo{Name: ops.Clean(name), What: ops.Clean(what), Default: ops.Clean(other)}
}

var (
	durationParam = param("duration", "for how long: 15m, 2h, 1d; from 1m to 30d", defaultDuration)
	commentParam  = param("comment", "why; everybody who meets the silence reads it", "")
)

const defaultDuration = "2h"

// Fits reports whether the alert goes to this cluster, where there are several.
func (c *create) Fits(b ops.Board, ref ops.Ref) bool {
	a, ok := b.Alert(ref)
	return ok && a.Paging.Source == c.source
}

// Blocked says from the picture alone why a silence cannot be made now.
func (f *family) Blocked(b ops.Board, _ ops.Ref) ops.Text {
	return b.Unreachable(f.source)
}

// Blocked says from the picture alone why a silence cannot be extended now.
func (f *extend) Blocked(b ops.Board, ref ops.Ref) ops.Text {
	return f.family.Blocked(b, ref).Or(expired(b, ref))
}

// Blocked says from the picture alone why a silence cannot be expired now.
func (f *expire) Blocked(b ops.Board, ref ops.Ref) ops.Text {
	return f.family.Blocked(b, ref).Or(expired(b, ref))
}

func expired(b ops.Board, ref ops.Ref) ops.Text {
	if s, _ := b.Silence(ref); s.State == ops.SilenceExpired {
		return ops.Lit("it has expired")
	}
	return ops.Text{}
}
