package tui

import (
	"fmt"
	"strings"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// leftOut is one of many requests of which there is no plan, and why.
type leftOut struct {
	req  ops.Request
	name string // of its target, as people call it
	err  error
}

// words name the target and the reason; an action that names it itself is not made
// to say it twice.
func (l leftOut) words() string {
	why := ops.AsError(l.err).What.String()
	if strings.HasPrefix(why, l.name+": ") {
		return why
	}
	return l.name + ": " + why
}

// leftLines list what is left out of many, and why. They are never cut, as plans
// are not: what is not done has to be known as well.
func leftLines(th themes.Theme, left []leftOut, w int) []string {
	if len(left) == 0 {
		return nil
	}
	lines := []string{"", th.Paint(themes.Warning, draw.Clip(th, fmt.Sprintf("left out, %d:", len(left)), w))}
	for _, l := range left {
		lines = append(lines, draw.Labelled(th, themes.Plain, l.words(), "  ", w)...)
	}
	return lines
}
