package estate_test

import (
	"slices"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/ops"
)

// The figures are those of the shipped estate's document.
func TestTheShippedLoansHaveTheTargetsOfTheirDocument(t *testing.T) {
	for _, name := range estate.Shipped() {
		f, err := estate.Load(name, env())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range f.Loads {
			if s.Plan.Driver != ops.DriverLoans {
				continue
			}
			want := []ops.LoadLimit{
				{Metric: ops.MetricRate, Limit: 1000}, {Metric: ops.MetricServiceP95, Limit: 30}, {Metric: ops.MetricErrors, Limit: 0.001},
				{Metric: ops.MetricIndicator, Indicator: ops.Lit("cpu"), Unit: ops.Lit("%"), Limit: 80}, {Metric: ops.MetricIndicator, Indicator: ops.Lit("memory"), Unit: ops.Lit("GB"), Limit: 16},
			}
			if long := s.Plan.Length() > 4*time.Hour; !long {
				want = append(want, ops.LoadLimit{Metric: ops.MetricWindow, Limit: 9000})
			}
			for _, l := range want {
				if !slices.Contains(s.Plan.Limits, l) {
					t.Errorf("%s lacks %+v: %+v", s.Plan.Name, l, s.Plan.Limits)
				}
			}
			if len(s.Plan.Limits) != len(want) || s.Plan.Production || s.Loans.Rows < 1_000_000 || s.Loans.Login == nil || s.Loans.Login.DSN == "" {
				t.Errorf("%s: %+v", s.Plan.Name, s)
			}
		}
	}
}
