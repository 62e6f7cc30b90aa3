package dialog

import (
	"fmt"
	"strings"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// LeftOut is one of many requests of which there is no plan, and why.
type LeftOut struct {
	Req  ops.Request
	Name string // of its target, as people call it
	Err  error
}

// words name the target and the reason; an action that names it itself is not made
// to say it twice.
func (l LeftOut) words() string {
	why := ops.AsError(l.Err).What.String()
	if strings.HasPrefix(why, l.Name+": ") {
		return why
	}
	return l.Name + ": " + why
}

// leftLines list what is left out of many, and why. They are never cut, as plans
// are not: what is not done has to be known as well.
func leftLines(th themes.Theme, left []LeftOut, w int) []string {
	if len(left) == 0 {
		return nil
	}
	lines := []string{"", th.Paint(themes.Warning, draw.Clip(th, fmt.Sprintf("left out, %d:", len(left)), w))}
	for _, l := range left {
		lines = append(lines, draw.Labelled(th, themes.Plain, l.words(), "  ", w)...)
	}
	return lines
}
