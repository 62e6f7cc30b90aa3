package alert

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"opsdeck/ops"
	"opsdeck/themes"
)

func TestARunbookIsRenderedAndItsReferencesAreNotDecoded(t *testing.T) {
	th, err := themes.New("none", false)
	if err != nil {
		t.Fatal(err)
	}
	lines := ansi.Strip(strings.Join(markdown(th, []ops.Text{ops.Lit("# Down"), ops.Lit("a &#27;[31m &ZeroWidthSpace; `ls -l`"), ops.Lit("b"), ops.Lit(""), ops.Lit("- one **two**"),
		ops.Lit("```"), ops.Lit("docker   ps | grep x"), ops.Lit("```"), ops.Lit("| a | bb |"), ops.Lit("|---|---|"), ops.Lit("| ccc | d |")}, 60), "\n"))
	for _, want := range []string{"Down\n", "a &#27;[31m &ZeroWidthSpace;", "ls -l", "- ", "one two", "    ", "docker   ps | grep x", "ccc  d"} {
		if !strings.Contains(lines, want) {
			t.Errorf("%q is not in\n%q", want, lines)
		}
	}
}

func TestAChartWithoutValuesSaysSo(t *testing.T) {
	th, err := themes.New("none", false)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	none := ops.Detail{Series: []ops.Series{{Points: []ops.Point{{At: now}, {At: now.Add(time.Minute)}}}}}
	if got := strings.Join(chartLines(th, none, now, now, 60, 5), ""); !strings.Contains(got, "no values in this window") {
		t.Errorf("%s", got)
	}
}

// charted draws a chart of figures, a minute apart, with a limit among them.
func charted(t testing.TB, limit float64, w, h int, figures ...float64) []string {
	th, err := themes.New("none", false)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	series := ops.Series{Name: ops.Lit("x")}
	for i, v := range figures {
		series.Points = append(series.Points, ops.Point{At: now.Add(time.Duration(i) * time.Minute), Value: v, Known: true})
	}
	lines := ops.Series{Name: ops.Lit("limit > 5"), Points: []ops.Point{{At: now, Value: limit, Known: true}}}
	return chartLines(th, ops.Detail{Series: []ops.Series{series, lines}}, now.Add(time.Minute), now.Add(time.Hour), w, h)
}

func TestAFlatSeriesOfAnySizeIsAChart(t *testing.T) {
	for _, v := range []float64{0, 7, 1e16, 1.79575e18, math.MaxFloat64, -math.MaxFloat64, 5e-324} {
		if got := strings.Join(charted(t, v, 60, 5, v, v, v), "\n"); !strings.Contains(got, ops.Num(v).Number()) {
			t.Errorf("%g:\n%s", v, got)
		}
	}
}

func TestALimitThatIsNoNumberIsNoLine(t *testing.T) {
	for _, limit := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got := strings.Join(charted(t, limit, 60, 5, 1, 2, 3), "\n"); strings.Contains(got, "----") {
			t.Errorf("%g:\n%s", limit, got)
		}
	}
}

func FuzzCharts(f *testing.F) {
	var all []byte
	for _, v := range []float64{0, 1e16, 1.79575e18, 5e-324, math.MaxFloat64, -math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN()} {
		f.Add(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, math.Float64bits(v)), math.Float64bits(v)), v, 60, 5)
		all = binary.BigEndian.AppendUint64(all, math.Float64bits(v))
	}
	f.Add(all, 5.0, 1, 1)
	f.Fuzz(func(t *testing.T, raw []byte, limit float64, w, h int) {
		w, h = max(1, min(w, 300)), max(1, min(h, 60))
		var figures []float64
		for ; len(raw) >= 8; raw = raw[8:] {
			figures = append(figures, math.Float64frombits(binary.BigEndian.Uint64(raw)))
		}
		for _, l := range charted(t, limit, w, h, figures...) {
			if n := ansi.StringWidth(l); n > max(w, 40) {
				t.Errorf("%v in %d cells: a line of %d: %q", figures, w, n, l)
			}
		}
	})
}
