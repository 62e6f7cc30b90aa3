package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

// Twelve sources do not fit any of these widths. Each that is not ok is named with how it
// stands; of those that are well there may be a number, which is right.
func TestEverySourceThatIsNotOKIsOnItsLineAtEveryWidth(t *testing.T) {
	b := fixture.Good()
	one := b.Sources[0]
	b.Sources = nil
	bad := map[int]func(*ops.Source){
		1:  func(s *ops.Source) { s.State = ops.SourceRefused },
		4:  func(s *ops.Source) { s.State = ops.SourceSilent },
		7:  func(s *ops.Source) { s.State = ops.SourceFailing },
		11: func(s *ops.Source) { s.State, s.Required = ops.SourceDenied, false },
	}
	for i := range 12 {
		s := one
		s.Name = ops.Textf("source-%02d", i)
		s.Ref = ops.NewRef(ops.KindSource, "", s.Name.String())
		if spoil := bad[i]; spoil != nil {
			spoil(&s)
			s.Since = fixture.Now.Add(-4 * time.Minute)
		}
		b.Sources = append(b.Sources, s)
	}
	for _, w := range []int{40, 80, 120} {
		r := newRig(b, "none")
		r.send(size(w, 40))
		upper, well := ansi.Strip(strings.Join(append([]string{r.m.headLine(r.m.head)}, r.m.sourceLines(r.m.head)...), "\n")), 0
		if !strings.HasPrefix(r.screen(), strings.SplitN(upper, "\n", 2)[0]) {
			t.Errorf("%d columns: the screen begins otherwise\n%s", w, r.screen())
		}
		for i, word := range map[int]string{1: "REFUSED 4m", 4: "SILENT 4m", 7: "FAILING 4m", 11: "DENIED 4m"} {
			want := fmt.Sprintf("source-%02d %s", i, word)
			if i == 1 && w == 40 { // its end has no room beside who one is: the line below has the whole
				want = "source-01 REFUSED since"
				if first := strings.SplitN(upper, "\n", 3)[1]; !strings.Contains(first, "source-01 REF") {
					t.Errorf("the worst is not on the first line: %q", first)
				}
			}
			if !strings.Contains(upper, want) {
				t.Errorf("%d columns: %q is not in\n%s", w, want, upper)
			}
		}
		for i := range b.Sources {
			if bad[i] == nil && strings.Contains(upper, fmt.Sprintf("source-%02d live", i)) {
				well++
			}
		}
		if want := fmt.Sprintf("+%d ok", 8-well); well < 8 && !strings.Contains(upper, want) {
			t.Errorf("%d columns: %d are shown as well, and %q is not in\n%s", w, well, want, upper)
		}
	}
}

// What an alert means is worth more room than its labels.
func TestTheSummaryOfAnAlertHasRoomBeforeItsLabels(t *testing.T) {
	var alone, both int
	for w := 40; w <= 200; w += 4 {
		r := newRig(fixture.Named("paged"), "none")
		r.send(size(w, 40))
		r.press("2")
		titles := ""
		for _, l := range strings.Split(r.screen(), "\n") {
			if strings.Contains(l, "ALERT") && strings.Contains(l, "SEVERITY") {
				titles = l
			}
		}
		switch summary, labels := strings.Contains(titles, "SUMMARY"), strings.Contains(titles, "LABELS"); {
		case labels && !summary:
			t.Errorf("%d columns: %q", w, titles)
		case labels:
			both++
		case summary:
			alone++
		}
	}
	if alone == 0 || both == 0 {
		t.Errorf("at %d widths the summary stands alone, at %d with the labels", alone, both)
	}
}
