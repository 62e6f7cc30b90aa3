package prometheus

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// slowEvery is how often the server's own state is asked for.
const slowEvery = time.Minute

// slowFacts are what changes rarely. A pointer is nil where the server did not
// say.
type slowFacts struct {
	asked   time.Time
	version ops.Text
	runtime *runtimeInfo
	pagers  *int // Alertmanagers that alerts are sent to
	sending *sending
}

type runtimeInfo struct {
	StartTime           time.Time `json:"startTime"`
	ReloadConfigSuccess *bool     `json:"reloadConfigSuccess"`
	LastConfigTime      time.Time `json:"lastConfigTime"`
	CorruptionCount     int64     `json:"corruptionCount"`
	StorageRetention    string    `json:"storageRetention"`
}

type buildInfo struct {
	Version   string `json:"version"`
	Revision  string `json:"revision"`
	GoVersion string `json:"goVersion"`
}

// slowly returns the server's own state, asked for at its own pace.
func (c *Collector) slowly(ctx context.Context) slowFacts {
	now := c.cfg.Now()
	c.mu.Lock()
	was := c.slow
	c.mu.Unlock()
	// A server that has just started finds its Alertmanagers a little later: that
	// nobody is paged is asked again at once.
	if !was.asked.IsZero() && now.Sub(was.asked) < slowEvery && !was.nobodyIsPaged() {
		return was
	}
	next := slowFacts{asked: now, version: was.version}
	if b, err := decode[buildInfo](ctx, c, "status/buildinfo", nil); err == nil {
		next.version = ops.Clean(b.Version)
	}
	next.sending = c.readSending(ctx, was.sending, next.version.String())
	if r, err := decode[runtimeInfo](ctx, c, "status/runtimeinfo", nil); err == nil {
		next.runtime = &r
	}
	if a, err := decode[alertmanagers](ctx, c, "alertmanagers", nil); err == nil {
		n := len(a.Active)
		next.pagers = &n
	}
	if ctx.Err() != nil {
		return was // cut short by the deadline: asked again next time
	}
	c.mu.Lock()
	c.slow = next
	c.mu.Unlock()
	return next
}

// askAnew makes the next answer bring the server's own state along: after a
// failure it may be another process.
func (c *Collector) askAnew() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slow.asked = time.Time{}
}

func (s slowFacts) nobodyIsPaged() bool { return s.pagers != nil && *s.pagers == 0 }

// up is when the server started; zero where it did not say.
func (s slowFacts) up() time.Time {
	if s.runtime == nil {
		return time.Time{}
	}
	return s.runtime.StartTime.UTC()
}

type alertmanagers struct {
	Active []struct {
		URL string `json:"url"`
	} `json:"activeAlertmanagers"`
}

// notes tells what is wrong with the server itself.
func (s slowFacts) notes() []ops.Text {
	var out []ops.Text
	if r := s.runtime; r != nil {
		if r.ReloadConfigSuccess != nil && !*r.ReloadConfigSuccess {
			out = append(out, ops.Textf("its last configuration was not accepted; it runs on the one of %s", ops.Stamp(r.LastConfigTime)))
		}
		if r.CorruptionCount > 0 {
			out = append(out, ops.Textf("its storage found %s", ops.Count(r.CorruptionCount, "corruption")))
		}
	}
	if s.nobodyIsPaged() {
		out = append(out, ops.Lit("it knows no Alertmanager: nobody is paged"))
	}
	return out
}

// downMost is how many targets that are down are named.
const downMost = 5

// targetNotes asks which targets are down. It asks `up`, not /targets, whose
// metadata is tens of kilobytes for a handful of targets.
func (c *Collector) targetNotes(ctx context.Context) []ops.Text {
	down, err := c.Query(ctx, "up == 0", time.Time{})
	if err != nil {
		return []ops.Text{ops.Clean("which targets are down is not known: " + err.Error())}
	}
	all, err := c.Query(ctx, "count(up)", time.Time{})
	if err != nil {
		return []ops.Text{ops.Clean("how many targets there are is not known: " + err.Error())}
	}
	out := append(down.Notes, all.Notes...)
	if len(all.Series) == 0 {
		return append(out, ops.Lit("it scrapes nothing: there is no up series"))
	}
	if len(down.Series) == 0 {
		return out
	}
	var names []string
	for _, s := range down.Series[:min(len(down.Series), downMost)] {
		names = append(names, s.Name.String())
	}
	if more := len(down.Series) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	said := strings.Join(names, ", ")
	if count := all.last(); count.Known {
		return append(out, ops.Textf("%d of %s targets are down: %s", len(down.Series), count.Whole(), said))
	}
	return append(out, ops.Textf("%s down, of how many is not known: %s", ops.Count(len(down.Series), "target"), said))
}

// decode asks an endpoint and reads its data.
func decode[T any](ctx context.Context, c *Collector, endpoint string, params url.Values) (T, error) {
	var out T
	_, err := c.call(ctx, endpoint, params, func(in *httpsource.Stream) error { return in.Decode(&out) })
	return out, err
}
