package main

import (
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestEveryFlagThatTakesADurationTakesDaysAndWeeks walks all commands.
func TestEveryFlagThatTakesADurationTakesDaysAndWeeks(t *testing.T) {
	seen := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() != "duration" {
				return
			}
			seen++
			for text, want := range map[string]time.Duration{"2d": 48 * time.Hour, "1w": 168 * time.Hour, "90m": 90 * time.Minute} {
				l, ok := f.Value.(length)
				if err := f.Value.Set(text); !ok || err != nil || *l.d != want {
					t.Errorf("%s --%s %s: %v, %s", c.CommandPath(), f.Name, text, err, f.Value)
				}
			}
			for _, text := range []string{"", "2", "two days", "-1h"} {
				if f.Value.Set(text) == nil {
					t.Errorf("%s --%s takes %q", c.CommandPath(), f.Name, text)
				}
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&app{env: env()}).root())
	if seen < 3 {
		t.Errorf("%d such flags: the test looks in the wrong place", seen)
	}
}
