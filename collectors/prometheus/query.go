package prometheus

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// Answer is what a query found, and what the server warns of. No series means
// that there is no data, which is not zero.
type Answer struct {
	Series []ops.Series // sorted by name: the server's order is not defined
	Notes  []ops.Text

	labels []model.Metric // of each series
}

// last returns the newest value of the first series, not known where that is NaN.
func (a Answer) last() ops.Value {
	if len(a.Series) == 0 || len(a.Series[0].Points) == 0 {
		return ops.Value{}
	}
	p := a.Series[0].Points[len(a.Series[0].Points)-1]
	return ops.Value{Value: p.Value, Known: p.Known}
}

// pointsMost is how many points per series the server gives at most.
const pointsMost = 11_000

// Bounds of what is kept of one answer; a note says how many series there were.
const (
	seriesMost    = 1000
	allPointsMost = 250_000 // of all of its series
)

// Query evaluates expr at one moment; the zero time means now, by the server's
// clock.
func (c *Collector) Query(ctx context.Context, expr string, at time.Time) (Answer, error) {
	params := url.Values{"query": {expr}}
	if !at.IsZero() {
		params.Set("time", stamp(at))
	}
	ctx, cancel := c.within(ctx, params)
	defer cancel()
	return c.ask(ctx, "query", params, grid{})
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
	return c.ask(ctx, "query_range", params, g)
}

func (c *Collector) ask(ctx context.Context, endpoint string, params url.Values, g grid) (Answer, error) {
	var out Answer
	ans, err := c.call(ctx, endpoint, params, func(in *httpsource.Stream) (err error) {
		out, err = readQuery(in, g)
		return err
	})
	if err != nil {
		return Answer{}, err
	}
	out.Notes = append(ans.notes(), out.Notes...)
	return out, nil
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

// sampled is one series as the server writes it; one of native histograms has
// neither a value nor values.
type sampled struct {
	Metric model.Metric `json:"metric"`
	Value  *pair        `json:"value"`
	Values []pair       `json:"values"`
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
		return &json.UnmarshalTypeError{Value: "string " + ops.Clean(value).String(), Type: reflect.TypeFor[float64]()}
	}
	p.At = ops.UnixTime(at)
	if !math.IsNaN(v) && !math.IsInf(v, 0) {
		p.Value, p.Known = v, true
	}
	return nil
}

// readQuery reads the data of /query and /query_range. A server writes what the
// result is before the result.
func readQuery(in *httpsource.Stream, g grid) (Answer, error) {
	var out Answer
	var kind string
	err := in.Object(func(name string) error {
		switch {
		case name == "resultType":
			return in.Decode(&kind)
		case name != "result":
			return in.Skip()
		case kind == "string":
			out.Notes = append(out.Notes, ops.Lit("the expression gives a text, not a series"))
			return in.Skip()
		case kind == "scalar":
			var p pair
			err := in.Decode(&p)
			out.Series = []ops.Series{{Name: ops.Lit("scalar"), Points: []ops.Point{p.Point}}}
			out.labels = []model.Metric{nil}
			return err
		}
		return out.read(in, g)
	})
	return out, err
}

// read turns the server's series into ours.
func (a *Answer) read(in *httpsource.Stream, g grid) error {
	type named struct {
		ops.Series
		labels model.Metric
	}
	var kept []named
	all, histograms, points := 0, 0, 0
	err := in.List(func() error {
		if all++; len(kept) == seriesMost || points > allPointsMost {
			return in.Skip()
		}
		var s sampled
		if err := in.Decode(&s); err != nil {
			return err
		}
		if s.Value != nil {
			s.Values = append(s.Values, *s.Value)
		}
		if len(s.Values) == 0 {
			histograms++
			return nil
		}
		at := make([]ops.Point, len(s.Values))
		for i, v := range s.Values {
			at[i] = v.Point
		}
		made := named{ops.Series{Name: ops.Clean(s.Metric.String()), Points: g.fill(at)}, s.Metric}
		kept, points = append(kept, made), points+len(made.Points)
		return nil
	})
	slices.SortFunc(kept, func(x, y named) int { return cmp.Compare(x.Name.String(), y.Name.String()) })
	for _, s := range kept {
		a.Series, a.labels = append(a.Series, s.Series), append(a.labels, s.labels)
	}
	if histograms > 0 {
		a.Notes = append(a.Notes, ops.Textf("%s not shown", ops.Count(histograms, "native histogram")))
	}
	if shown := len(kept) + histograms; shown < all {
		a.Notes = append(a.Notes, ops.Textf("only %d of %s shown", len(kept), ops.Count(all, "series")))
	}
	return err
}
