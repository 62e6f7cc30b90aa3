package alertmanager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// view is what one peer said in one collection.
type view struct {
	peer   *peer
	err    error // its alerts could not be read
	alerts []ops.AlertmanagerAlert

	tellsMuting bool  // its alerts say whether a time interval mutes them: 0.28 and later
	groupsErr   error // who is muted could not be asked

	silences    []seenSilence
	silencesErr error

	status    statusAnswer
	statusErr error

	more  int    // alerts and silences that were not kept
	odd   string // a field that is not what it is meant to be
	clock httpsource.Clock
	last  time.Time // its last good answer
}

// look asks one peer for everything, one call after the other: a server with few
// slots has others to serve.
func (p *peer) look(ctx context.Context) view {
	v := view{peer: p}
	if v.alerts, v.err = p.alerts(ctx, &v); v.err == nil {
		v.silences, v.silencesErr = p.silences(ctx, &v)
		v.statusErr = p.status(ctx, &v)
		v.muting(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if v.err == nil {
		p.lastGood = p.now()
	}
	v.clock, v.last = p.clock, p.lastGood
	return v
}

// alerts asks one peer for its alerts.
func (p *peer) alerts(ctx context.Context, v *view) ([]ops.AlertmanagerAlert, error) {
	r := newAlertReader()
	err := p.list(ctx, "alerts", v, r.next, r.take)
	v.more += r.more
	v.tellsMuting = r.tellsMuting
	return r.all.List(), err
}

// status asks one peer how it stands, and for its configuration.
func (p *peer) status(ctx context.Context, v *view) error {
	_, err := p.ask(ctx, "status", func(in *httpsource.Stream) error {
		in.Long()
		return v.lenient("status", in.Decode(&v.status))
	})
	return err
}

// silences asks one peer for its silences, expired ones too.
func (p *peer) silences(ctx context.Context, v *view) ([]seenSilence, error) {
	var out []seenSilence
	var one silenceAnswer
	next := func() any {
		if len(out) == httpsource.AlertsMost {
			v.more++
			return nil
		}
		one = silenceAnswer{}
		return &one
	}
	err := p.list(ctx, "silences", v, next, func() { out = append(out, silenceOf(&one)) })
	return out, err
}

// list asks for a list, and reads one element after the other into what next returns.
// Where that is nil the element is passed over.
func (p *peer) list(ctx context.Context, path string, v *view, next func() any, take func()) error {
	_, err := p.ask(ctx, path, func(in *httpsource.Stream) error {
		return in.List(func() error {
			into := next()
			if into == nil {
				return in.Skip()
			}
			err := v.lenient(path, in.Decode(into))
			if err == nil {
				take()
			}
			return err
		})
	})
	return err
}

// decode asks for one thing and reads it into out.
func (p *peer) decode(ctx context.Context, path string, v *view, out any) error {
	_, err := p.ask(ctx, path, func(in *httpsource.Stream) error { return v.lenient(path, in.Decode(out)) })
	return err
}

// lenient passes over a field of another type than meant: that is no reason to know
// nothing. It is left out, and its place is told in odd.
func (v *view) lenient(path string, err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		v.odd = fmt.Sprintf("%s of %s", wrong.Field, path)
		return nil
	}
	return err
}

// up is when the peer started, by our clock.
func (v view) up() time.Time {
	t := instant(v.status.Uptime)
	if t.IsZero() {
		return t
	}
	return t.Add(-v.clock.Ahead)
}

// answered returns the views of the peers that gave their alerts.
func answered(views []view) []view {
	return slices.DeleteFunc(slices.Clone(views), func(v view) bool { return v.err != nil })
}
