package alert

import (
	"fmt"
	"strings"
	"time"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// chartLines draws the series of an opened alert in w cells and h rows of plot: the
// values, the limit as a line, the moment it began as a column, the times below. A
// gap is a gap: nothing is drawn where nothing is known, and how much that is, is
// said.
func chartLines(th themes.Theme, d ops.Detail, began, now time.Time, w, h int) []string {
	series, limit := splitLimit(d.Series)
	c := newChart(series, limit, w, h)
	if c == nil {
		text := "no values in this window"
		if !d.Why.Empty() {
			text = "no values: " + d.Why.String()
		}
		return []string{th.Paint(themes.Unknown, draw.Clip(th, "  "+text, w))}
	}
	c.ascii = th.Signs.Mark != "" && th.Signs.Rule == "-"
	c.began = began
	for _, s := range series {
		c.plot(s)
	}
	lines := c.draw(th)
	return append(lines, c.axis(th, now), c.legend(th, series, limit, w))
}

// splitLimit takes the line of the limit out of the series.
func splitLimit(all []ops.Series) (series []ops.Series, limit *ops.Series) {
	for i, s := range all {
		if strings.HasPrefix(s.Name.String(), "limit ") {
			limit = &all[i]
		} else {
			series = append(series, s)
		}
	}
	return series, limit
}

// chart is a plot of dots: two by four in a cell of braille, one in ASCII.
type chart struct {
	ascii    bool
	cols     int // cells of the plot
	rows     int
	label    int // cells of the scale at the left
	from, to time.Time
	scale    draw.Scale
	limit    *float64
	began    time.Time
	dots     [][]bool // [y][x], from the top
	gaps     int      // points without a value
	points   int
	step     time.Duration
}

// newChart lays a plot out, or returns nil where there is nothing to draw.
func newChart(series []ops.Series, limit *ops.Series, w, h int) *chart {
	c := &chart{}
	for _, s := range series {
		c.scale.AddPoints(s.Points)
		for _, p := range s.Points {
			if c.from.IsZero() || p.At.Before(c.from) {
				c.from = p.At
			}
			if p.At.After(c.to) {
				c.to = p.At
			}
		}
	}
	if !c.scale.Any || !c.to.After(c.from) {
		return nil
	}
	words := []string{}
	if limit != nil && len(limit.Points) > 0 && draw.Drawn(limit.Points[0]) {
		c.limit = &limit.Points[0].Value
		c.scale.Add(*c.limit)
		words = append(words, scaleWord(*c.limit))
	}
	if c.scale.Lo == c.scale.Hi {
		c.scale.Lo, c.scale.Hi = c.scale.Lo-1, c.scale.Hi+1
	}
	for _, word := range append(words, scaleWord(c.scale.Lo), scaleWord(c.scale.Hi)) {
		c.label = max(c.label, draw.Width(word))
	}
	c.cols, c.rows = max(4, w-c.label-2), max(2, h)
	c.dots = make([][]bool, c.rows*4)
	for i := range c.dots {
		c.dots[i] = make([]bool, c.cols*2)
	}
	return c
}

func scaleWord(v float64) string { return ops.Num(v).Number() }

func (c *chart) x(at time.Time) int {
	return draw.Part(at.Sub(c.from).Seconds()/c.to.Sub(c.from).Seconds(), c.cols*2-1)
}

func (c *chart) y(v float64) int { return draw.Nearest(1-c.scale.Share(v), c.rows*4-1) }

// plot draws one series. Neighbours are joined only where nothing is missing
// between them: no value, or a hole in time of more than two steps.
func (c *chart) plot(s ops.Series) {
	step := usualStep(s.Points)
	c.step = max(c.step, step)
	var before *ops.Point
	for i := range s.Points {
		p := &s.Points[i]
		c.points++
		if !draw.Drawn(*p) {
			c.gaps++
			before = nil
			continue
		}
		if before != nil && p.At.Sub(before.At) > 2*step {
			before = nil
		}
		c.join(before, p)
		before = p
	}
}

// usualStep is the shortest time between two points: a hole is longer.
func usualStep(points []ops.Point) time.Duration {
	step := time.Duration(0)
	for i := 1; i < len(points); i++ {
		if d := points[i].At.Sub(points[i-1].At); d > 0 && (step == 0 || d < step) {
			step = d
		}
	}
	return step
}

func (c *chart) join(a, b *ops.Point) {
	x1, y1 := c.x(b.At), c.y(b.Value)
	if a == nil {
		c.dots[y1][x1] = true
		return
	}
	x0, y0 := c.x(a.At), c.y(a.Value)
	steps := max(1, x1-x0, x0-x1, y1-y0, y0-y1)
	for i := range steps + 1 {
		c.dots[y0+(y1-y0)*i/steps][x0+(x1-x0)*i/steps] = true
	}
}

// beganHere reports whether the moment it began is on the chart.
func (c *chart) beganHere() bool { return c.began.After(c.from) && !c.began.After(c.to) }

// draw makes lines of the dots, behind them the limit and the moment it began.
func (c *chart) draw(th themes.Theme) []string {
	limitRow, beganCol := -1, -1
	if c.limit != nil {
		limitRow = c.y(*c.limit) / 4
	}
	if c.beganHere() {
		beganCol = c.x(c.began) / 2
	}
	var lines []string
	for r := range c.rows {
		word := ""
		switch r {
		case limitRow:
			word = scaleWord(*c.limit)
		case 0:
			word = scaleWord(c.scale.Hi)
		case c.rows - 1:
			word = scaleWord(c.scale.Lo)
		}
		lines = append(lines, th.Paint(themes.Muted, draw.Fit(th, word, c.label, true)+" ")+c.row(th, r, r == limitRow, beganCol))
	}
	return lines
}

// row paints runs of the same ink together: an escape for every cell would cost
// thousands of bytes a screen.
func (c *chart) row(th themes.Theme, r int, limit bool, beganCol int) string {
	var out, run strings.Builder
	ink := themes.Plain
	flush := func(next themes.Role) {
		if next != ink {
			out.WriteString(th.Paint(ink, run.String()))
			run.Reset()
			ink = next
		}
	}
	for x := range c.cols {
		sign, used := c.cell(r, x)
		switch {
		case used:
			flush(themes.Info)
		case x == beganCol:
			flush(themes.Warning)
			sign = "|"
		case limit:
			flush(themes.Critical)
			sign = "-"
		default:
			flush(ink)
			sign = " "
		}
		run.WriteString(sign)
	}
	out.WriteString(th.Paint(ink, strings.TrimRight(run.String(), " ")))
	return out.String()
}

// cell is what stands in one cell of the plot, and whether there is a dot in it.
func (c *chart) cell(r, x int) (string, bool) {
	// The bits of a braille cell, by row and column.
	bits := [4][2]rune{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}
	sign := rune(0)
	for dy := range 4 {
		for dx := range 2 {
			if c.dots[r*4+dy][x*2+dx] {
				sign |= bits[dy][dx]
			}
		}
	}
	switch {
	case sign == 0:
		return " ", false
	case c.ascii:
		return "*", true
	}
	return string(0x2800 + sign), true
}

// axis names the times: the first, the last, and under its column the moment it
// began.
func (c *chart) axis(th themes.Theme, now time.Time) string {
	row := []rune(strings.Repeat(" ", c.cols))
	put := func(at int, s string) {
		at = max(0, min(at, c.cols-len(s)))
		for i, r := range s {
			if at+i < len(row) {
				row[at+i] = r
			}
		}
	}
	end := ops.Clock(c.to, now)
	put(0, ops.Clock(c.from, now))
	if c.beganHere() {
		at, word := c.x(c.began)/2, "began "+ops.Clock(c.began, now)
		if at+1+len(word) <= c.cols {
			put(at, "^"+word)
		} else {
			put(at-len(word), word+"^")
		}
		if at+len(word)+2 > c.cols-len(end) { // no room beside it
			end = ""
		}
	}
	put(c.cols, end)
	return draw.Spaces(c.label+1) + th.Paint(themes.Muted, strings.TrimRight(string(row), " "))
}

// legend says what is drawn, how fine, and what is missing.
func (c *chart) legend(th themes.Theme, series []ops.Series, limit *ops.Series, w int) string {
	name := ops.Count(len(series), "series")
	if len(series) == 1 {
		name = series[0].Name.Or(ops.Lit("1 series")).String()
	}
	parts := []string{name}
	if limit != nil {
		parts = append(parts, limit.Name.String()+" (---)")
	}
	if c.step > 0 {
		parts = append(parts, "a value every "+ops.Span(c.step))
	}
	if c.gaps > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d have none", c.gaps, c.points))
	}
	return th.Paint(themes.Muted, draw.Clip(th, draw.Spaces(c.label+1)+strings.Join(parts, ", "), w))
}
