package prometheus

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"opsdeck/ops"
)

// nobodysMetric is a name that no series has: absent() of it is a vector of one
// element with the labels it is asked for.
const nobodysMetric = "opsdeck_no_series_has_this_name"

// ownSeries restricts an expression to the series that an alert was made of; ok is
// false where none of the alert's labels is its series'. A rule sets alertname and
// the labels it names, over whatever the series had; every other label of an alert
// is the series' own, so this leaves out no series that made the alert. Of a storm
// of thousands the server then sends one curve.
func ownSeries(expr string, from origin) (restricted string, ok bool) {
	var names, matchers []string
	for name := range from.labels {
		_, set := from.rule.labels[name]
		if set || name == model.AlertNameLabel || !model.LegacyValidation.IsValidLabelName(name) {
			continue
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return expr, false
	}
	slices.Sort(names)
	for _, name := range names {
		matchers = append(matchers, name+"="+strconv.Quote(from.labels[name]))
	}
	return "(" + expr + ") and on (" + strings.Join(names, ", ") + ") absent(" + nobodysMetric + "{" + strings.Join(matchers, ", ") + "})", true
}

// curve draws the series of an alert alone. All series of the expression are asked
// for where the server does not understand the restriction, or nothing agrees with
// it: other programs that speak this API add labels to their alerts.
func (c *Collector) curve(ctx context.Context, expr string, from origin, start, end time.Time, step time.Duration) (Answer, error) {
	if own, ok := ownSeries(expr, from); ok {
		ans, err := c.QueryRange(ctx, own, start, end, step)
		if err == nil && len(ans.Series) > 0 || err != nil && ops.CodeOf(err) != ops.CodeInvalid {
			return ans, err
		}
	}
	return c.QueryRange(ctx, expr, start, end, step)
}
