package main

import (
	"fmt"
	"slices"
	"time"

	"opsdeck/internal/bench/figures"
)

// limited is the row of a spread whose quantile q has a budget in milliseconds.
func limited(what string, budget float64, s figures.Spread, q float64) figures.Row {
	return figures.Row{What: fmt.Sprintf("%s, p%.0f", what, 100*q), Budget: fmt.Sprintf("<= %.0f ms", budget), Limit: budget,
		Value: float64(s.At(q)) / float64(time.Millisecond), Shown: s.Words(q)}
}

// cost is the row of processor time in a minute.
func cost(what string, budget float64, took time.Duration, words string) figures.Row {
	r := figures.Row{What: what, Limit: budget, Value: took.Seconds(), Shown: figures.Seconds(took) + words}
	if budget > 0 {
		r.Budget = fmt.Sprintf("<= %g s", budget)
	}
	return r
}

// memory is the row of a process's share of memory.
func memory(what string, budget float64, pss uint64) figures.Row {
	return figures.Row{What: what, Budget: fmt.Sprintf("<= %.0f MB", budget), Limit: budget, Value: float64(pss) / 1e6, Shown: figures.Megabytes(pss)}
}

// middle is the median and the largest.
func middle(all []int64) (half, most int64) {
	if len(all) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[(len(sorted)-1)/2], sorted[len(sorted)-1]
}
