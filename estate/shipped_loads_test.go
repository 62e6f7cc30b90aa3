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

func TestTheLoansDocumentHasEachKindOfItsTests(t *testing.T) {
	f, err := estate.Load("ifrs9", env())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range f.Loads {
		names = append(names, s.Plan.Name.String())
	}
	slices.Sort(names)
	if want := []string{"endurance", "ml-inference", "normal", "peak", "recovery", "stress"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
}

// Four hours are those of both documents, the weekly test that of one.
func TestTheShippedPlansSayHowLongARestoreMayTake(t *testing.T) {
	for name, oldest := range map[string]time.Duration{"ifrs9": 31 * 24 * time.Hour, "demod": 8 * 24 * time.Hour} {
		f, err := estate.Load(name, env())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range f.Backups {
			if b.Plan.RTO != 4*time.Hour || b.Plan.Drilled != oldest || b.Drill.Scratch == "" {
				t.Errorf("%s: %+v", name, b)
			}
		}
		if len(f.Backups) != 1 {
			t.Errorf("%s: %d plans", name, len(f.Backups))
		}
	}
}
