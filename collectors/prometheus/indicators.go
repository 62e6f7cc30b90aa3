package prometheus

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/common/model"

	"opsdeck/ops"
)

// KPIQuery is one indicator and the query that measures it.
type KPIQuery struct {
	Name   string
	What   string
	Unit   string
	Query  string
	Target ops.Target
	Trend  time.Duration // how far back its curve goes; 0: no curve
	Load   string        // the load scenario for whose limit alone it is asked
}

// indicators measures KPIs and pipelines, one small query after the other, and
// then draws the curves that are due. What fails or does not fit into the
// deadline says so in its own place: the alerts are good without it.
func (c *Collector) indicators(ctx context.Context, f *ops.Observation) {
	if len(c.cfg.KPIs) > 0 {
		kpis := make([]ops.KPI, 0, len(c.cfg.KPIs))
		for _, q := range c.cfg.KPIs {
			kpis = append(kpis, c.kpi(ctx, q, &f.Notes))
		}
		f.KPIs = &kpis
	}
	if len(c.cfg.Pipelines) > 0 {
		pipelines := make([]ops.Pipeline, 0, len(c.cfg.Pipelines))
		for _, q := range c.cfg.Pipelines {
			pipelines = append(pipelines, c.pipeline(ctx, q, &f.Notes))
		}
		f.Pipelines = &pipelines
	}
	if f.KPIs != nil {
		c.trends(ctx, *f.KPIs, &f.Notes)
	}
}

func (c *Collector) kpi(ctx context.Context, q KPIQuery, notes *[]ops.Text) ops.KPI {
	out := ops.KPI{Name: ops.Clean(q.Name), What: ops.Clean(q.What), Unit: ops.Clean(q.Unit), Source: ops.Clean(c.cfg.Name), Query: ops.Clean(q.Query), Target: q.Target, Load: ops.Clean(q.Load)}
	got := c.measure(ctx, q.Query)
	if q.Load == "" { // else the run tells it
		got.tell("kpi "+q.Name, notes)
	}
	out.Value, out.Why = got.value, got.why
	if n := len(got.series); n > 1 {
		out.Series = n
	}
	if got.asked {
		out.At = c.cfg.Now().UTC()
	}
	return out
}

// measured is the one value that a query gave.
type measured struct {
	asked  bool
	value  ops.Value
	at     time.Time    // by the server's clock
	labels model.Metric // of the series it came from
	series []ops.Series // all that came; only the first counts
	notes  []ops.Text
	why    ops.Text // why value is not known
}

// tell adds what the answer warns of, and that there was more than one value.
func (m measured) tell(what string, notes *[]ops.Text) {
	for _, n := range m.notes {
		*notes = append(*notes, ops.Textf("%s: %s", what, n))
	}
	if n := len(m.series); n > 1 {
		*notes = append(*notes, ops.Textf("%s: %s, and only the first counts: %s", what, ops.Count(n, "series"), m.series[0].Name))
	}
}

// measure asks for one value. One query may take half of the time that is left,
// so that a slow one does not take it all from those behind it.
func (c *Collector) measure(ctx context.Context, expr string) measured {
	ctx, cancel, ok := share(ctx)
	defer cancel()
	if !ok {
		return measured{why: ops.Lit("not asked: what was asked before took too long")}
	}
	ans, err := c.Query(ctx, expr, time.Time{})
	if err != nil {
		return measured{asked: true, why: whyNot(err)}
	}
	out := measured{asked: true, notes: ans.Notes, series: ans.Series}
	if len(ans.Series) == 0 || len(ans.Series[0].Points) == 0 {
		out.why = ops.Lit("no data: the metric has vanished or never was")
		return out
	}
	p := ans.Series[0].Points[0]
	out.at, out.labels = p.At, ans.labels[0]
	if !p.Known {
		out.why = ops.Lit("no data: the query gives no number, but NaN or infinity")
		return out
	}
	out.value = ops.Num(p.Value)
	return out
}

// leastShare is the time below which no query is started: what is left is for
// answering before the deadline.
const leastShare = 100 * time.Millisecond

// share gives one query its part of the time that is left; false where that is
// too little to begin.
func share(ctx context.Context) (context.Context, context.CancelFunc, bool) {
	end, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}, ctx.Err() == nil
	}
	left := time.Until(end)
	if ctx.Err() != nil || left < leastShare {
		return ctx, func() {}, false
	}
	ctx, cancel := context.WithTimeout(ctx, left/2)
	return ctx, cancel, true
}

// whyNot says in words why a query was not answered; the server's own message
// is kept.
func whyNot(err error) ops.Text {
	if errors.Is(err, context.DeadlineExceeded) {
		return ops.Lit("no answer in time")
	}
	return ops.Clean(err.Error())
}

// trendPace is how often a curve is fetched again, and trendPoints how many points
// it has.
const (
	trendPace   = time.Minute
	trendPoints = 60
)

// trend is the curve of one KPI and when it was last asked for.
type trend struct {
	asked  time.Time
	points []ops.Point
	why    ops.Text
}

// trends puts the curves in, and fetches those that are due. What does not
// fit into the deadline is due next time, and comes first then, because those
// that were drawn are not due.
func (c *Collector) trends(ctx context.Context, kpis []ops.KPI, notes *[]ops.Text) {
	for i, q := range c.cfg.KPIs {
		if q.Trend <= 0 {
			continue
		}
		if now := c.cfg.Now(); now.Sub(c.curves[i].asked) >= trendPace {
			if t, ok := c.draw(ctx, q, now, c.curves[i]); ok {
				c.curves[i] = t
			}
		}
		kpis[i].Trend = c.curves[i].points
		if why := c.curves[i].why; !why.Empty() && kpis[i].Why.Empty() {
			*notes = append(*notes, ops.Textf("kpi %s: its curve is not known: %s", q.Name, why))
		}
	}
}

// draw asks for one curve; false where there was no time to ask. Its steps are
// the same from one time to the next, so that a curve moves only with its data.
func (c *Collector) draw(ctx context.Context, q KPIQuery, now time.Time, was trend) (trend, bool) {
	ctx, cancel, ok := share(ctx)
	defer cancel()
	if !ok {
		return trend{}, false
	}
	step := (q.Trend/(trendPoints-1) + time.Second - 1).Truncate(time.Second)
	to := now.Truncate(step)
	ans, err := c.QueryRange(ctx, q.Query, to.Add(-(trendPoints-1)*step), to, step)
	if err != nil {
		return trend{asked: now, points: was.points, why: whyNot(err)}, true
	}
	if len(ans.Series) == 0 {
		return trend{asked: now}, true
	}
	return trend{asked: now, points: ans.Series[0].Points}, true
}

// because puts what is not known and why into one text.
func because(what string, why ops.Text) ops.Text { return ops.Textf("%s: %s", what, why) }
