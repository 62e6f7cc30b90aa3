// Package prometheus reads one Prometheus server: its alerts as its own rules
// evaluate them, how it stands itself, and series for charts. It understands
// servers from 2.42 to 3.x.
package prometheus

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/common/config"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// Config says which server is read and how.
type Config struct {
	Name     string        // the source's name in the estate
	URL      string        // base address; userinfo in it serves as basic_auth
	Every    time.Duration // between two collections
	Timeout  time.Duration // of one collection
	Required bool
	HTTP     config.HTTPClientConfig // TLS, authorization, proxy: as in Prometheus's own files
	// SeverityLabel is the alert label with the severity; empty: "severity".
	SeverityLabel string
	// Rank gives a severity word its rank; nil ranks nothing.
	Rank func(ops.Text) ops.Severity
	// KPIs and Pipelines are measured with every collection.
	KPIs      []KPIQuery
	Pipelines []PipelineQuery
	Now       func() time.Time
}

// Collector reads one server. Its methods may be called at the same time.
type Collector struct {
	cfg    Config
	base   *url.URL // without userinfo
	client *http.Client

	lookMost  time.Duration // for looking whether a reload took effect
	lookEvery time.Duration

	collecting sync.Mutex // one collection at a time, and guards curves; never taken while mu is held
	curves     []trend    // of each KPI of the configuration

	mu    sync.Mutex // guards what follows; never held over a call
	book  ruleBook   // of the last collection
	slow  slowFacts
	clock httpsource.Clock
}

// New returns a collector. It connects with the first call.
func New(c Config) (*Collector, error) {
	cl, base, err := httpsource.New("source "+c.Name, c.URL, "http://host:9090", c.HTTP)
	if err != nil {
		return nil, err
	}
	if c.SeverityLabel == "" {
		c.SeverityLabel = "severity"
	}
	if c.Rank == nil {
		c.Rank = func(word ops.Text) ops.Severity { return ops.Severity{Name: word} }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Collector{cfg: c, base: base, client: cl, lookMost: 5 * time.Second, lookEvery: 200 * time.Millisecond, curves: make([]trend, len(c.KPIs))}, nil
}

// Source names the server as the estate does.
func (c *Collector) Source() ops.SourceInfo {
	return ops.SourceInfo{
		Name: ops.Clean(c.cfg.Name), Kind: ops.SourcePrometheus,
		Every: c.cfg.Every, Timeout: c.cfg.Timeout, Required: c.cfg.Required,
	}
}

// Collect asks for the alerts, the targets that are down, KPIs and pipelines,
// and now and then for the server's own state and for curves: one small call
// after the other, because the server evaluates its rules with the same few query
// slots.
func (c *Collector) Collect(ctx context.Context) (ops.Observation, error) {
	c.collecting.Lock()
	defer c.collecting.Unlock()
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	book, err := c.readBook(ctx)
	if err != nil {
		c.askAnew()
		return ops.Observation{}, err
	}
	// From here on a failed call is a note: the alerts are good without it.
	slow := c.slowly(ctx)
	book.identify(slow.sending, c.cfg)
	c.mu.Lock()
	book.keep(c.book)
	c.book = book
	words := c.clock.Words()
	c.mu.Unlock()
	notes := append(book.notes(c.cfg.Now(), slow.up()), c.targetNotes(ctx)...)
	if words != "" {
		notes = append(notes, ops.Clean(words))
	}
	alerts := book.alerts
	facts := ops.Observation{Alerts: &alerts, Version: slow.version, Up: slow.up(), Notes: append(notes, slow.notes()...), Partial: book.partial()}
	c.indicators(ctx, &facts)
	return facts, nil
}

func (c *Collector) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.cfg.Timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, c.cfg.Timeout)
}

// rules asks for all rules, and reads them as the next collection will.
func (c *Collector) rules(ctx context.Context) (ruleBook, error) {
	book, err := c.readBook(ctx)
	if err != nil {
		return book, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	book.identify(c.slow.sending, c.cfg)
	book.keep(c.book)
	return book, nil
}

// readBook asks for all rules: an alert on a recording rule that fails never fires.
func (c *Collector) readBook(ctx context.Context) (ruleBook, error) {
	var book ruleBook
	ans, err := c.call(ctx, "rules", nil, func(in *httpsource.Stream) (err error) {
		book, err = readRules(in, c.cfg)
		return err
	})
	book.warnings = ans.notes()
	return book, err
}
