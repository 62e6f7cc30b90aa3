package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"opsdeck/report"
	"opsdeck/themes"
)

func width(s string) int { return report.Width(s) }

// clip cuts s to at most w cells and marks the cut. Escapes in s survive whole.
func clip(th themes.Theme, s string, w int) string {
	if w <= 0 {
		return ""
	}
	if width(s) <= w {
		return s
	}
	return ansi.Truncate(s, w, th.Signs.Ellipsis)
}

// fit returns s in exactly w cells.
func fit(th themes.Theme, s string, w int, right bool) string {
	s = clip(th, s, w)
	pad := w - width(s)
	switch {
	case pad <= 0:
		return s
	case right:
		return spaces(pad) + s
	}
	return s + spaces(pad)
}

const blank = "                                                                                                                                "

func spaces(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(blank) {
		return blank[:n]
	}
	return strings.Repeat(" ", n)
}

// sides puts left and right at the two ends of a line of w cells. Where both do
// not fit, the left side gives way: the right one is the shorter and fixed one.
func sides(th themes.Theme, left, right string, w int) string {
	if right == "" {
		return clip(th, left, w)
	}
	r := width(right)
	if r+8 > w {
		return clip(th, left+"  "+right, w)
	}
	return fit(th, left, w-r-1, false) + " " + right
}

// role maps what a cell means to how it is painted.
func role(t report.Tone) themes.Role {
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

// wrapped breaks plain text into lines of at most w cells, at most max of them;
// the last one is cut with a mark where there is more.
func wrapped(th themes.Theme, s string, w, max int) []string {
	if w <= 0 || max <= 0 || s == "" {
		return nil
	}
	lines := report.Wrap(s, w)
	if len(lines) > max {
		rest := strings.Join(lines[max-1:], " ")
		lines = append(lines[:max-1], clip(th, rest, w))
	}
	return lines
}

// filled returns exactly h lines: what is missing is empty, what is too much cut.
func filled(lines []string, h int) []string {
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

// labelled wraps a text behind a label that stands on its first line only. It is
// never cut: what is not shown cannot be confirmed.
func labelled(th themes.Theme, r themes.Role, text, label string, w int) []string {
	const all = 1000
	var lines []string
	for i, l := range wrapped(th, text, max(10, w-width(label)), all) {
		lead := spaces(width(label))
		if i == 0 {
			lead = th.Paint(themes.Muted, label)
		}
		lines = append(lines, lead+th.Paint(r, l))
	}
	return lines
}

// question is what the dialog waits for.
