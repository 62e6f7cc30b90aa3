// Package draw makes lines of cells: text cut, filled and painted to a width, and
// what only a screen draws.
package draw

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"opsdeck/report"
	"opsdeck/themes"
)

// Width is how many cells s takes, escapes left out.
func Width(s string) int { return report.Width(s) }

// Clip cuts s to at most w cells and marks the cut. Escapes in s survive whole.
func Clip(th themes.Theme, s string, w int) string {
	if w <= 0 {
		return ""
	}
	if Width(s) <= w {
		return s
	}
	return ansi.Truncate(s, w, th.Signs.Ellipsis)
}

// Fit returns s in exactly w cells.
func Fit(th themes.Theme, s string, w int, right bool) string {
	s = Clip(th, s, w)
	pad := w - Width(s)
	switch {
	case pad <= 0:
		return s
	case right:
		return Spaces(pad) + s
	}
	return s + Spaces(pad)
}

const blank = "                                                                                                                                "

// Spaces are n blanks.
func Spaces(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(blank) {
		return blank[:n]
	}
	return strings.Repeat(" ", n)
}

// Sides puts left and right at the two ends of a line of w cells. Where both do
// not fit, the left side gives way: the right one is the shorter and fixed one.
func Sides(th themes.Theme, left, right string, w int) string {
	if right == "" {
		return Clip(th, left, w)
	}
	r := Width(right)
	if r+8 > w {
		return Clip(th, left+"  "+right, w)
	}
	return Fit(th, left, w-r-1, false) + " " + right
}

// Role maps what a cell means to how it is painted.
func Role(t report.Tone) themes.Role {
	switch t {
	case report.ToneMuted:
		return themes.Muted
	case report.ToneOK:
		return themes.OK
	case report.ToneInfo:
		return themes.Info
	case report.ToneWarning:
		return themes.Warning
	case report.ToneCritical:
		return themes.Critical
	case report.ToneUnknown:
		return themes.Unknown
	}
	return themes.Plain
}

// Wrapped breaks plain text into lines of at most w cells, at most max of them;
// the last one is cut with a mark where there is more.
func Wrapped(th themes.Theme, s string, w, max int) []string {
	if w <= 0 || max <= 0 || s == "" {
		return nil
	}
	lines := report.Wrap(s, w)
	if len(lines) > max {
		rest := strings.Join(lines[max-1:], " ")
		lines = append(lines[:max-1], Clip(th, rest, w))
	}
	return lines
}

// Filled returns exactly h lines: what is missing is empty, what is too much cut.
func Filled(lines []string, h int) []string {
	if h <= 0 {
		return nil
	}
	if len(lines) > h {
		return lines[:h]
	}
	for len(lines) < h {
		lines = append(lines, "")
	}
	return lines
}

// Labelled is Behind for what is never cut: what is not shown cannot be confirmed.
func Labelled(th themes.Theme, r themes.Role, text, label string, w int) []string {
	const all = 1000
	return Behind(th, r, text, label, w, all)
}

// Behind wraps a text behind a label that stands on its first line only, in at most
// so many lines.
func Behind(th themes.Theme, r themes.Role, text, label string, w, most int) []string {
	var lines []string
	for i, l := range Wrapped(th, text, max(10, w-Width(label)), most) {
		lead := Spaces(Width(label))
		if i == 0 {
			lead = th.Paint(themes.Muted, label)
		}
		lines = append(lines, lead+th.Paint(r, l))
	}
	return lines
}
