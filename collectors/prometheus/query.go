package prometheus

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"opsdeck/ops"
)

// Answer is what a query found, and what the server warns of. No series means
// that there is no data, which is not zero.
type Answer struct {
	Series []ops.Series // sorted by name: the server's order is not defined
	Notes  []ops.Text

	labels []model.Metric // of each series
}

// last returns the newest value of the first series.
func (a Answer) last() float64 {
	if len(a.Series) == 0 || len(a.Series[0].Points) == 0 {
		return math.NaN()
	}
	p := a.Series[0].Points
	return p[len(p)-1].Value
}

// pointsMost is how many points per series the server gives at most.
const pointsMost = 11_000

// seriesMost bounds how many series of one answer are kept; a note says how
// many there were.
const seriesMost = 1000

// Query evaluates expr at one moment; the zero time means now, by the server's
// clock.
func (c *Collector) Query(ctx context.Context, expr string, at time.Time) (Answer, error) {
	params := url.Values{"query": {expr}}
	if !at.IsZero() {
		params.Set("time", stamp(at))
	}
	ctx, cancel := c.within(ctx, params)
	defer cancel()
	ans, err := c.call(ctx, "query", params)
	if err != nil {
		return Answer{}, err
	}
	return parseQuery(ans, grid{})
}

// QueryRange evaluates expr over a stretch of time. The step grows where the
// server would give too many points; it is a whole number of milliseconds. Where
// a series has no value at a step, or NaN, its point is not known.
func (c *Collector) QueryRange(ctx context.Context, expr string, from, to time.Time, step time.Duration) (Answer, error) {
	if !to.After(from) {
		return Answer{}, ops.Errorf(ops.CodeInvalid, "the range ends before it begins")
	}
	g := gridOf(from, to, step)
	params := url.Values{"query": {expr}, "start": {stamp(g.from)}, "end": {stamp(g.to)},
		"step": {strconv.FormatFloat(g.step.Seconds(), 'f', 3, 64)}}
	ctx, cancel := c.within(ctx, params)
	defer cancel()
	ans, err := c.call(ctx, "query_range", params)
	if err != nil {
		return Answer{}, err
	}
	return parseQuery(ans, g)
}

// within bounds a query, and tells the server to give up a little before we do,
// so that it answers with the cause and stops working.
func (c *Collector) within(ctx context.Context, params url.Values) (context.Context, context.CancelFunc) {
	ctx, cancel := c.bounded(ctx)
	if end, ok := ctx.Deadline(); ok {
		left := time.Until(end) * 9 / 10
		params.Set("timeout", strconv.FormatInt(max(1, left.Milliseconds()), 10)+"ms")
	}
	return ctx, cancel
}

func stamp(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

// grid is the steps of a range query; zero for a query at one moment.
type grid struct {
	from, to time.Time
	step     time.Duration
}

func gridOf(from, to time.Time, step time.Duration) grid {
	least := to.Sub(from) / (pointsMost - 1)
	step = max(step, least, time.Millisecond)
	if rest := step % time.Millisecond; rest != 0 {
		step += time.Millisecond - rest
	}
	return grid{from: from.Truncate(time.Millisecond), to: to.Truncate(time.Millisecond), step: step}
}

// fill puts points onto the grid.
func (g grid) fill(in []ops.Point) []ops.Point {
	if g.step == 0 {
		return in
	}
	out := make([]ops.Point, 0, int(g.to.Sub(g.from)/g.step)+1)
	for at := g.from; !at.After(g.to); at = at.Add(g.step) {
		for len(in) > 0 && in[0].At.Before(at.Add(-g.step/2)) {
			in = in[1:]
		}
		p := ops.Point{At: at.UTC()}
		if len(in) > 0 && in[0].At.Before(at.Add(g.step/2+1)) {
			p.Value, p.Known = in[0].Value, in[0].Known
			in = in[1:]
		}
		out = append(out, p)
	}
	return out
}

// sampled is one series as the server writes it.
type sampled struct {
	Metric     model.Metric      `json:"metric"`
	Value      *pair             `json:"value"`
	Values     []pair            `json:"values"`
	Histogram  json.RawMessage   `json:"histogram"`
	Histograms []json.RawMessage `json:"histograms"`
}

// pair is [unix seconds, "value"].
type pair struct{ ops.Point }

// UnmarshalJSON reads a pair; NaN is not known, and neither is an infinity: no
// chart can draw it, and JSON cannot carry it.
func (p *pair) UnmarshalJSON(b []byte) error {
	var at float64
	var value string
	if err := json.Unmarshal(b, &[]any{&at, &value}); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return fmt.Errorf("value %q is no number", ops.Clean(value))
	}
	p.At = time.UnixMilli(int64(math.Round(at * 1000))).UTC()
	if !math.IsNaN(v) && !math.IsInf(v, 0) {
		p.Value, p.Known = v, true
	}
	return nil
}

// parseQuery reads the data of /query and /query_range.
func parseQuery(ans answer, g grid) (Answer, error) {
	var in struct {
		Type   string          `json:"resultType"`
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(ans.Data, &in); err != nil {
		return Answer{}, fmt.Errorf("read result: %w", err)
	}
	out := Answer{Notes: ans.notes()}
	switch in.Type {
	case "string":
		out.Notes = append(out.Notes, ops.Lit("the expression gives a text, not a series"))
		return out, nil
	case "scalar":
		var p pair
		if err := json.Unmarshal(in.Result, &p); err != nil {
			return Answer{}, fmt.Errorf("read scalar: %w", err)
		}
		out.Series = []ops.Series{{Name: ops.Lit("scalar"), Points: []ops.Point{p.Point}}}
		out.labels = []model.Metric{nil}
		return out, nil
	}
	var list []sampled
	if err := json.Unmarshal(in.Result, &list); err != nil {
		return Answer{}, fmt.Errorf("read %s: %w", ops.Clean(in.Type), err)
	}
	out.take(list, g)
	return out, nil
}

// take turns the server's series into ours.
func (a *Answer) take(list []sampled, g grid) {
	slices.SortFunc(list, func(x, y sampled) int { return cmp.Compare(x.Metric.String(), y.Metric.String()) })
	histograms := 0
	for i := range list {
		s := &list[i]
		if s.Value != nil {
			s.Values = append(s.Values, *s.Value)
		}
		if len(s.Values) == 0 {
			histograms++
			continue
		}
		if len(a.Series) == seriesMost {
			a.Notes = append(a.Notes, ops.Textf("only %d of %d series are shown", seriesMost, len(list)))
			break
		}
		points := make([]ops.Point, len(s.Values))
		for j, v := range s.Values {
			points[j] = v.Point
		}
		a.Series = append(a.Series, ops.Series{Name: ops.Clean(s.Metric.String()), Points: g.fill(points)})
		a.labels = append(a.labels, s.Metric)
	}
	if histograms > 0 {
		a.Notes = append(a.Notes, ops.Textf("%d native histograms are not shown", histograms))
	}
}
