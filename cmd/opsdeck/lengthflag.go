package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"opsdeck/ops"
)

// length is a flag that takes a duration as every key of an estate does: days and weeks
// too.
type length struct{ d *time.Duration }

// lengthVar adds such a flag.
func lengthVar(f *pflag.FlagSet, d *time.Duration, name string, fallback time.Duration, usage string) {
	*d = fallback
	f.Var(length{d}, name, usage)
}

func (l length) String() string {
	if l.d == nil || *l.d == 0 {
		return "0" // as pflag knows a default that need not be told
	}
	return ops.Span(*l.d)
}

func (length) Type() string { return "duration" }

// Set refuses what lies before now: nobody looks back into the future.
func (l length) Set(s string) error {
	d, ok := ops.ParseDuration(s)
	if !ok || d < 0 {
		return fmt.Errorf("%q is not a duration: write 30m, 8h, 2d or 1w", s)
	}
	*l.d = d
	return nil
}
