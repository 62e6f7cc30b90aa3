package ops

import "testing"

func TestACheckHoldsWhatTheSourceAnswered(t *testing.T) {
	for name, x := range map[string]struct {
		check  RestoreCheck
		got    string
		holds  bool
		wanted string
	}{
		"as the estate says":            {RestoreCheck{Want: Lit("3")}, "3", true, "3"},
		"not as the estate says":        {RestoreCheck{Want: Lit("3")}, "3.0", false, "3"},
		"as the source":                 {RestoreCheck{Source: true, Want: Lit("3"), After: Lit("3")}, "3", true, "3 as the source at that point"},
		"less than the source":          {RestoreCheck{Source: true, Want: Lit("3"), After: Lit("3")}, "2", false, "3 as the source at that point"},
		"while the source went on":      {RestoreCheck{Source: true, Want: Lit("9"), After: Lit("41")}, "10", true, "from 9 to 41, as the source before and after that point"},
		"while the source took away":    {RestoreCheck{Source: true, Want: Lit("41"), After: Lit("9")}, "10", true, "from 41 to 9, as the source before and after that point"},
		"before what the source had":    {RestoreCheck{Source: true, Want: Lit("9"), After: Lit("41")}, "8", false, "from 9 to 41, as the source before and after that point"},
		"beyond what the source had":    {RestoreCheck{Source: true, Want: Lit("9"), After: Lit("41")}, "42", false, "from 9 to 41, as the source before and after that point"},
		"no number between two numbers": {RestoreCheck{Source: true, Want: Lit("9"), After: Lit("41")}, "NaN", false, "from 9 to 41, as the source before and after that point"},
		"a time between":                {RestoreCheck{Source: true, Want: Lit("2026-11-28 13:15:08.5+00"), After: Lit("2026-11-28 13:15:08.577282+00")}, "2026-11-28 13:15:08.57+00", true, "from 2026-11-28 13:15:08.5+00 to 2026-11-28 13:15:08.577282+00, as the source before and after that point"},
		"a time before":                 {RestoreCheck{Source: true, Want: Lit("2026-11-28 13:15:08.5+00"), After: Lit("2026-11-28 13:15:08.577282+00")}, "2026-11-28 13:15:08.4+00", false, "from 2026-11-28 13:15:08.5+00 to 2026-11-28 13:15:08.577282+00, as the source before and after that point"},
		"a neighbour of a great number": {RestoreCheck{Source: true, Want: Lit("1152921504606847000"), After: Lit("1152921504606847040")}, "1152921504606847100", false, "from 1152921504606847000 to 1152921504606847040, as the source before and after that point"},
		"a neighbour before it":         {RestoreCheck{Source: true, Want: Lit("1152921504606847000"), After: Lit("1152921504606847040")}, "1152921504606846980", false, "from 1152921504606847000 to 1152921504606847040, as the source before and after that point"},
		"a time without a zone":         {RestoreCheck{Source: true, Want: Lit("2026-11-28 12:00:00.1"), After: Lit("2026-11-28 12:00:00.2")}, "2026-11-28 12:00:00.15", true, "from 2026-11-28 12:00:00.1 to 2026-11-28 12:00:00.2, as the source before and after that point"},
		"a day":                         {RestoreCheck{Source: true, Want: Lit("2026-11-27"), After: Lit("2026-11-29")}, "2026-11-28", true, "from 2026-11-27 to 2026-11-29, as the source before and after that point"},
		"a time where there are days":   {RestoreCheck{Source: true, Want: Lit("2026-11-27"), After: Lit("2026-11-29")}, "2026-11-28 12:00:00", false, "from 2026-11-27 to 2026-11-29, as the source before and after that point"},
		"nothing where there were two":  {RestoreCheck{Source: true, Want: Lit("9"), After: Lit("41")}, "no row", false, "from 9 to 41, as the source before and after that point"},
	} {
		if got := x.check.Holds(x.got); got != x.holds || x.check.Wanted().String() != x.wanted {
			t.Errorf("%s: %v, wanted %s", name, got, x.check.Wanted())
		}
	}
}

func TestWordsThatChangedCannotBeCompared(t *testing.T) {
	for name, x := range map[string]struct {
		before, after string
		can           bool
	}{
		"the same words": {"a", "a", true}, "two words": {"a", "b", false}, "two numbers": {"1", "2.5", true}, "a number and none": {"1", "no row", false},
		"two times": {"2026-11-28 13:15:08+00", "2026-11-28 13:15:09.5+00", true}, "a row that is no number": {"1", "NaN", false},
		"a number without end": {"5", "-Infinity", false}, "two times without a zone": {"2026-11-28 13:15:08", "2026-11-28 13:15:09.5", true}, "two days": {"2026-11-28", "2026-11-29", true},
		"a time and a day": {"2026-11-28 13:15:08", "2026-11-29", false}, "a time with a zone and one without": {"2026-11-28 13:15:08+00", "2026-11-28 13:15:09", false},
		"a number too great to write out": {"1", "1e999999999", false},
	} {
		if got := (RestoreCheck{Source: true, Want: Clean(x.before), After: Clean(x.after)}).Comparable(); got != x.can {
			t.Errorf("%s: %v", name, got)
		}
	}
}
