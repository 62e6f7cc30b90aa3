package estate

import (
	"strconv"
	"strings"

	"opsdeck/ops"
)

// indicators fills in what is measured of the business.
func (f *File) indicators(root *value) {
	source := func(m member) string {
		if s := m.value.str("source"); s != "" || len(f.Prometheus) == 0 {
			return s
		}
		return f.Prometheus[0].Name // the only one there is, or a fault
	}
	for _, m := range root.members("kpis") {
		v := m.value
		f.KPIs = append(f.KPIs, KPI{Name: m.name, What: v.str("what"), Unit: v.str("unit"), Source: source(m),
			Query: v.str("query"), Target: targetOf(v.str("target")), Trend: v.dur("trend")})
	}
	for _, m := range root.members("pipelines") {
		v := m.value
		f.Pipelines = append(f.Pipelines, Pipeline{Name: m.name, Source: source(m), Window: v.dur("window"), WindowQuery: v.str("window_query"),
			Running: v.str("running"), Started: v.str("started"), Done: v.str("done"), Stage: v.str("stage"), StageLabel: v.str("stage_label")})
	}
}

// targetOf reads ">= 99.5", which the check has let through; what is not there
// is no target.
func targetOf(s string) ops.Target {
	if len(s) < 2 {
		return ops.Target{}
	}
	limit, err := strconv.ParseFloat(strings.TrimSpace(s[2:]), 64)
	return ops.Target{AtLeast: s[:2] == ">=", Limit: limit, Known: err == nil}
}
