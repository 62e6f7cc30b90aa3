package alertmanager

import (
	"context"
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

	silences    []seenSilence
	silencesErr error

	status    statusAnswer
	statusErr error

	odd   string // a field that is not what it is meant to be
	clock httpsource.Clock
	last  time.Time // its last good answer
}

// look asks one peer for everything, one call after the other: a server with few
// slots has others to serve.
func (p *peer) look(ctx context.Context) view {
	v := view{peer: p}
	var alerts []alertAnswer
	if alerts, v.err = fetch[[]alertAnswer](ctx, p, "alerts", &v); v.err == nil {
		v.alerts = parseAlerts(alerts)
		v.silences, v.silencesErr = p.silences(ctx, &v)
		v.status, v.statusErr = fetch[statusAnswer](ctx, p, "status", &v)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if v.err == nil {
		p.lastGood = p.now()
	}
	v.clock, v.last = p.clock, p.lastGood
	return v
}

// silences asks one peer for its silences, expired ones too.
func (p *peer) silences(ctx context.Context, v *view) ([]seenSilence, error) {
	answers, err := fetch[[]silenceAnswer](ctx, p, "silences", v)
	if err != nil {
		return nil, err
	}
	return parseSilences(answers), nil
}

// fetch asks for one thing and reads it.
func fetch[T any](ctx context.Context, p *peer, path string, v *view) (T, error) {
	var none T
	r, err := p.ask(ctx, path)
	if err != nil {
		return none, err
	}
	got, odd, err := read[T](r.body)
	if err != nil {
		return none, ops.Errorf(ops.CodeUnavailable, "%s answers with %s and not as an Alertmanager", p.base, r.kind).
			Help("check the url: a login page or another program answers there")
	}
	if odd != "" {
		v.odd = fmt.Sprintf("%s of %s", odd, path)
	}
	return got, nil
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
