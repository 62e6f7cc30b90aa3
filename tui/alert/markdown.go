package alert

import (
	"strings"
	"unicode"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// markdown renders a runbook: headings, lists, quotes, code and tables, a line at
// a time. What it does not know stays as it was written. (A full renderer decodes
// character references, and &#27; would become an escape sequence behind the
// cleaner; it also writes links as OSC 8 and weighs eight megabytes.)
func markdown(th themes.Theme, text []ops.Text, w int) []string {
	m := md{th: th, w: w}
	for _, t := range text {
		m.line(t.String())
	}
	m.flush()
	return m.out
}

type md struct {
	th   themes.Theme
	w    int
	out  []string
	para []string   // a paragraph's or an item's lines so far
	lead string     // the mark before it
	rows [][]string // a table's rows so far
	code bool
}

func (m *md) line(s string) {
	trimmed := strings.TrimSpace(s)
	if strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~") {
		m.flush()
		m.code = !m.code
		return
	}
	if m.code { // a command is never broken: half of it would be run
		m.out = append(m.out, draw.Clip(m.th, "    "+m.th.Paint(themes.Key, s), m.w))
		return
	}
	mark, rest := bullet(trimmed)
	switch {
	case trimmed == "":
		m.flush()
		m.blank()
	case trimmed[0] == '#' && strings.TrimLeft(trimmed, "#") != "" && strings.TrimLeft(trimmed, "#")[0] == ' ':
		m.flush()
		m.out = append(m.out, draw.Clip(m.th, m.th.Paint(themes.Title, plainWords(strings.TrimSpace(strings.TrimLeft(trimmed, "#")))), m.w))
	case mark != "":
		m.flush()
		indent := min(len(s)-len(strings.TrimLeft(s, " ")), 12)
		m.lead, m.para = draw.Spaces(indent+2)+mark+" ", []string{rest}
	case trimmed[0] == '>':
		m.flush()
		m.block("  | ", strings.TrimSpace(trimmed[1:]))
	case trimmed[0] == '|':
		m.flushText()
		m.row(trimmed)
	default:
		m.flushTable()
		m.para = append(m.para, trimmed)
	}
}

// bullet splits a list item into its mark and its text.
func bullet(s string) (mark, rest string) {
	for _, b := range []string{"- ", "* ", "+ "} {
		if strings.HasPrefix(s, b) {
			return "-", strings.TrimSpace(s[2:])
		}
	}
	digits := len(s) - len(strings.TrimLeftFunc(s, unicode.IsDigit))
	if digits > 0 && digits < 4 && (strings.HasPrefix(s[digits:], ". ") || strings.HasPrefix(s[digits:], ") ")) {
		return s[:digits+1], strings.TrimSpace(s[digits+2:])
	}
	return "", s
}

// row keeps a table's row; the rule under its head says nothing.
func (m *md) row(s string) {
	if strings.Trim(s, "|-: ") == "" {
		return
	}
	var cells []string
	for _, c := range strings.Split(strings.Trim(s, "|"), "|") {
		cells = append(cells, plainWords(strings.TrimSpace(c)))
	}
	m.rows = append(m.rows, cells)
}

func (m *md) flush() {
	m.flushText()
	m.flushTable()
}

// flushTable writes the rows with their cells under each other.
func (m *md) flushTable() {
	var widths []int
	for _, r := range m.rows {
		for i, c := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], draw.Width(c))
		}
	}
	for i, r := range m.rows {
		line := ""
		for j, c := range r {
			line += "  " + draw.Fit(m.th, c, widths[j], false)
		}
		line = strings.TrimRight(line, " ")
		if i == 0 {
			line = m.th.Paint(themes.Muted, line)
		}
		m.out = append(m.out, draw.Clip(m.th, line, m.w))
	}
	m.rows = nil
}

func (m *md) flushText() {
	if len(m.para) > 0 {
		m.block(m.lead, strings.Join(m.para, " "))
		m.para, m.lead = nil, ""
	}
}

func (m *md) blank() {
	if n := len(m.out); n > 0 && m.out[n-1] != "" {
		m.out = append(m.out, "")
	}
}

// block wraps a text behind a mark that stands on its first line only.
func (m *md) block(mark, text string) {
	lead := draw.Width(mark)
	for i, l := range report.Wrap(plainWords(text), max(10, m.w-lead)) {
		if i > 0 {
			mark = draw.Spaces(lead)
		}
		m.out = append(m.out, draw.Clip(m.th, m.th.Paint(themes.Muted, mark)+m.inline(l), m.w))
	}
}

// plainWords takes the marks of emphasis off, and keeps those of code.
func plainWords(s string) string {
	return strings.NewReplacer("**", "", "__", "").Replace(s)
}

// inline paints code between backticks.
func (m *md) inline(s string) string {
	var b strings.Builder
	for i, p := range strings.Split(s, "`") {
		if i%2 == 1 {
			b.WriteString(m.th.Paint(themes.Key, p))
		} else {
			b.WriteString(p)
		}
	}
	return b.String()
}
