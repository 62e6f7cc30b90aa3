package ops

import "testing"

func TestATimeBesideItsLimitHasThreeDigitsAndTheUnitOfTheLimit(t *testing.T) {
	for _, c := range []struct {
		metric       LoadMetric
		limit, value float64
		want         string
	}{
		{MetricLatencyP95, 0.5, 1.728244, "1730ms"},
		{MetricLatencyP95, 4, 0.004531, "0.00453s"},
		{MetricServiceP99, 0.0005, 0.0004321, "432µs"},
		{MetricServiceP99, 2, -1.4721, "-1.47s"},
		{MetricRecovery, 30, 95.26, "95.3s"},
		{MetricLatencyP95, 0.5, 0.5, "500ms"},
		{MetricLatencyP95, 0.5, 0.500412, "500.412ms"},
	} {
		if got := (LoadLimit{Metric: c.metric, Limit: c.limit}).Figure(c.value); got != c.want {
			t.Errorf("%g s beside %g s: %s, want %s", c.value, c.limit, got, c.want)
		}
	}
	if got := MetricLatencyP95.Figure(1.728244); got != "1.73s" {
		t.Error(got)
	}
}
