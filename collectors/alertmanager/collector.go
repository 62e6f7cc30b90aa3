// Package alertmanager reads one Alertmanager cluster over its API v2, and makes,
// extends and expires its silences. It understands servers from 0.25 to today.
//
// A cluster is read from all its members at once: they gossip, and fail open, so
// each of them knows only what reached it.
package alertmanager

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/config"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// Peer is one member of the cluster.
type Peer struct {
	Name string                  // empty: host and port of URL
	URL  string                  // base address; userinfo in it serves as basic_auth
	HTTP config.HTTPClientConfig // TLS, authorization, proxy: as in amtool's http.config.file
}

// Config says which cluster is read and how.
type Config struct {
	Name     string // the source's name in the estate
	Peers    []Peer // at least one
	Every    time.Duration
	Timeout  time.Duration // of one collection, or of one call that changes; zero: 10 s
	Required bool
	Now      func() time.Time
}

// Collector reads one cluster. Its methods may be called at the same time.
type Collector struct {
	cfg   Config
	peers []*peer

	posting sync.Mutex // one new silence at a time: it is looked for before it is made

	confirmFor time.Duration // how long a change may take to reach the other peers
	lookEvery  time.Duration // between two looks for it
	lookMost   time.Duration // for looking after an answer was lost
}

// peer is one member with its client.
type peer struct {
	name   string
	base   *url.URL // without userinfo
	client *http.Client
	now    func() time.Time
	most   int64 // bytes of one answer

	mu       sync.Mutex // guards what follows; never held over a call
	clock    httpsource.Clock
	lastGood time.Time
	routing  *routing // of its configuration as it was read last
}

// New returns a collector. It connects with the first call.
func New(c Config) (*Collector, error) {
	if len(c.Peers) == 0 {
		return nil, ops.Errorf(ops.CodeInvalid, "source %s has no address", c.Name).Help("write http://host:9093")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	col := &Collector{cfg: c, confirmFor: 3 * time.Second, lookEvery: 200 * time.Millisecond, lookMost: 5 * time.Second}
	for _, p := range c.Peers {
		made, err := newPeer(c, p)
		if err != nil {
			return nil, err
		}
		col.peers = append(col.peers, made)
	}
	return col, nil
}

func newPeer(c Config, p Peer) (*peer, error) {
	cl, base, err := httpsource.New("a peer of source "+c.Name, p.URL, "http://host:9093", p.HTTP)
	if err != nil {
		return nil, err
	}
	if p.Name == "" {
		p.Name = base.Host
	}
	return &peer{name: ops.Clean(p.Name).String(), base: base, client: cl, now: c.Now, most: httpsource.AnswerMost}, nil
}

// Source names the cluster as the estate does.
func (c *Collector) Source() ops.SourceInfo {
	return ops.SourceInfo{
		Name: ops.Clean(c.cfg.Name), Kind: ops.SourceAlertmanager,
		Every: c.cfg.Every, Timeout: c.cfg.Timeout, Required: c.cfg.Required,
	}
}

// Collect asks every peer at the same time and puts their answers together. It
// fails only when no peer gave its alerts; the facts of a failure still say how
// each peer stands.
func (c *Collector) Collect(ctx context.Context) (ops.Observation, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	views := each(c.peers, func(p *peer) view { return p.look(ctx) })
	facts := ops.Observation{Peers: c.standing(views)}
	good := answered(views)
	if len(good) == 0 {
		return facts, c.silent(views)
	}
	notified := unionAlerts(good, ops.Clean(c.cfg.Name))
	facts.AlertmanagerAlerts = &notified
	silences, known := unionSilences(good)
	if known {
		kept := c.recent(silences, good[0].clock.Ahead)
		facts.Silences = &kept
	}
	facts.Version = versions(good)
	facts.Partial = slices.ContainsFunc(good, func(v view) bool { return v.more > 0 })
	facts.Notes = c.notes(views, notified, silences)
	return facts, nil
}

// bounded leaves a tenth of the deadline to put the answers together: one frozen
// peer uses up all of what it is given.
func (c *Collector) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.cfg.Timeout-c.cfg.Timeout/10)
}

// each calls ask for every peer at the same time and keeps their order.
func each[T any](peers []*peer, ask func(*peer) T) []T {
	out := make([]T, len(peers))
	var all sync.WaitGroup
	for i, p := range peers {
		all.Go(func() { out[i] = ask(p) })
	}
	all.Wait()
	return out
}
