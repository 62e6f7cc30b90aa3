package prometheus

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"opsdeck/ops"
)

// cadvisorMetrics are what cAdvisor counts of a container, each behind the figure
// it gives. The rate spans several scrapes at the usual paces.
func cadvisorMetrics(selector string) []string {
	one := func(figure, expr string) string {
		return fmt.Sprintf(`label_replace(%s, "figure", %q, "", "")`, fmt.Sprintf(expr, selector), figure)
	}
	return []string{
		one("cpu", "sum by (name) (rate(container_cpu_usage_seconds_total{%s}[2m]))"),
		one("memory", "max by (name) (container_memory_working_set_bytes{%s})"),
		one("limit", "max by (name) (container_spec_memory_limit_bytes{%s} > 0)"),
		one("in", "sum by (name) (container_network_receive_bytes_total{%s})"),
		one("out", "sum by (name) (container_network_transmit_bytes_total{%s})"),
	}
}

// ContainerFigures asks for what cAdvisor measured of containers, by their names,
// in one query. matchers select the series of one host. A container that it does
// not know is not in the answer.
func (c *Collector) ContainerFigures(ctx context.Context, names []string, matchers []ops.Matcher) (map[string]ops.ContainerStats, error) {
	if len(names) == 0 {
		return nil, nil
	}
	quoted := make([]string, 0, len(names))
	for _, n := range names {
		quoted = append(quoted, regexp.QuoteMeta(n))
	}
	selector := []string{fmt.Sprintf("name=~%q", strings.Join(quoted, "|"))}
	for _, m := range matchers {
		selector = append(selector, m.String())
	}
	ans, err := c.Query(ctx, strings.Join(cadvisorMetrics(strings.Join(selector, ",")), " or "), time.Time{})
	if err != nil {
		return nil, err
	}
	out := map[string]ops.ContainerStats{}
	for i, s := range ans.Series {
		if len(s.Points) == 0 || !s.Points[0].Known {
			continue
		}
		name := string(ans.labels[i]["name"])
		f := out[name]
		put(&f, ans.labels[i], ops.Num(s.Points[0].Value))
		f.At = s.Points[0].At
		out[name] = f
	}
	return out, nil
}

// put sets the figure that a series says it is.
func put(f *ops.ContainerStats, labels model.Metric, v ops.Value) {
	switch labels["figure"] {
	case "cpu":
		f.CPU = v
	case "memory":
		f.Memory = v
	case "limit":
		f.Limit = v
	case "in":
		f.NetIn = v
	case "out":
		f.NetOut = v
	}
}
