package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"opsdeck/internal/bench/figures"
)

// record prints and keeps the table.
func (k *soak) record(before, after float64) error {
	t := &figures.Table{Notes: []string{
		fmt.Sprintf("%s. A console and its agent on the lab for %d minutes; every %s one of %d faults was on for %s, and a job",
			k.build(), k.minutes, short(faultEvery), len(k.faults), faultFor),
		fmt.Sprintf("was started meanwhile. %d screens were taken on the panes that have to name the cause.", len(k.samples)), loads(before, after)}}
	t.Add(figures.Row{What: "screens falsely green while something was broken", Budget: "0", Broken: len(k.green) > 0,
		Shown: fmt.Sprintf("%d of %d (%d faults)", len(k.green), k.judged, k.broken)}, judgedAny(k.judged))
	t.Add(figures.Row{What: "screens of these that do not name the cause", Budget: "0", Broken: len(k.silent) > 0,
		Shown: fmt.Sprintf("%d of %d", len(k.silent), k.judged)}, judgedAny(k.judged))
	k.drained.add(t)
	k.jobs.add(t)
	k.addHeld(t, "console", 40, func(s sample) held { return s.console })
	k.addHeld(t, "agent", 70, func(s sample) held { return s.agent })
	first, last := k.samples[0].history, k.samples[len(k.samples)-1].history
	t.Add(figures.Row{What: "history, first and last", Shown: fmt.Sprintf("%.0f kB, %.0f kB", float64(first)/1e3, float64(last)/1e3)}, nil)
	if u := k.console.Unknown(); len(u) > 0 {
		t.Add(figures.Row{What: "screens read right"}, fmt.Errorf("the bench's terminal does not understand %v", u))
	}
	text := t.Markdown()
	for _, l := range append(k.green, k.silent...) {
		text += "\n- " + l
	}
	fmt.Println("\n" + text)
	if err := figures.Replace(k.figures, "make soak", text); err != nil {
		return err
	}
	if t.Bad() {
		return errMissed
	}
	return nil
}

func judgedAny(n int) error {
	if n == 0 {
		return errors.New("no screen was taken while something was broken: the soak is too short")
	}
	return nil
}

// How many more at the end are no leak: of threads and files, and of goroutines, of
// which the most ever is known, so that a later peak counts, too.
const (
	slack           = 8
	goroutinesSlack = 30
)

// addHeld compares the first quarter with the last: memory against its budget,
// threads and files against themselves.
func (k *soak) addHeld(t *figures.Table, who string, budget float64, of func(sample) held) {
	quarter := max(1, len(k.samples)/4)
	begin, end := k.samples[:quarter], k.samples[len(k.samples)-quarter:]
	// By then the fault that takes most has been there once.
	second := k.samples[min(quarter, len(k.samples)-1):min(2*quarter, len(k.samples))]
	peak := slices.MaxFunc(k.samples, func(a, b sample) int { return cmp.Compare(of(a).pss, of(b).pss) })
	most := memory("memory of the "+who+" (PSS), most", budget, of(peak).pss)
	most.Shown += fmt.Sprintf(" after %s (median of the first quarter %s, of the last %s)",
		peak.after, figures.Megabytes(median(begin, func(s sample) uint64 { return of(s).pss })), figures.Megabytes(median(end, func(s sample) uint64 { return of(s).pss })))
	t.Add(most, nil)
	grown := func(what string, slack uint64, f func(sample) uint64) {
		a, b := median(second, f), median(end, f)
		t.Add(figures.Row{What: fmt.Sprintf("%s of the %s, second and last quarter", what, who),
			Budget: fmt.Sprintf("at most %d more", slack), Broken: b > a+slack, Shown: fmt.Sprintf("%d, %d", a, b)}, nil)
	}
	grown("threads", slack, func(s sample) uint64 { return of(s).threads })
	grown("goroutines ever at once", goroutinesSlack, func(s sample) uint64 { return of(s).goroutines })
	grown("open files", slack, func(s sample) uint64 { return of(s).files })
}

func median(all []sample, f func(sample) uint64) uint64 {
	var v []uint64
	for _, s := range all {
		v = append(v, f(s))
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// short writes whole minutes.
func short(d time.Duration) string { return fmt.Sprintf("%.0f min", d.Minutes()) }
