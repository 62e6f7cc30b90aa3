package main

import (
	"testing"

	"opsdeck/ops"
)

func TestWhatAComparisonEndsIn(t *testing.T) {
	for level, want := range map[ops.Level]int{ops.LevelOK: exitOK, ops.LevelWarning: exitWarning, ops.LevelUnknown: exitUnknown} {
		if got := exitOf(compareExit(level)); got != want {
			t.Errorf("%s: exit %d, want %d", level, got, want)
		}
	}
	for text, want := range map[string]float64{"": 0, "5%": 0.05, "0.5%": 0.005, "120%": 1.2, "5": -1, "0%": -1, "-3%": -1, "x%": -1, "NaN%": -1, "2000%": -1} {
		got, err := toleranceOf(text)
		if want < 0 != (err != nil) || err == nil && got != want || err != nil && exitOf(err) != exitUsage {
			t.Errorf("%q: %g, %v", text, got, err)
		}
	}
}
