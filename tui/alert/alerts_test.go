package alert

import (
	"slices"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/themes"
	"opsdeck/tui/screen"
)

func TestAStormIsReadAgainOnlyForWhatIsSaidOfAlerts(t *testing.T) {
	th, err := themes.New("none", false)
	if err != nil {
		t.Fatal(err)
	}
	was := screen.Picture{Board: fixture.Flood(50), Now: fixture.Now.Truncate(time.Minute), Known: true}
	for name, c := range map[string]struct {
		change func(*screen.Picture)
		again  bool
	}{
		"a database answered":         {func(p *screen.Picture) { p.Board.Databases = fixture.Locked().Databases }, false},
		"its source was read":         {func(p *screen.Picture) { p.Board.Sources = fixture.Flood(50).Sources }, false},
		"a job began":                 {func(p *screen.Picture) { p.Board.Jobs = []ops.Job{{ID: 7}} }, false},
		"the same minute":             {func(p *screen.Picture) { p.Now = p.Now.Add(59 * time.Second) }, false},
		"the next minute":             {func(p *screen.Picture) { p.Now = p.Now.Add(time.Minute) }, true},
		"an alert was acked":          {func(p *screen.Picture) { p.Board.Alerts = fixture.Flood(50).Alerts }, true},
		"the rules were read again":   {func(p *screen.Picture) { rules(p).At = fixture.Now.Add(time.Hour) }, true},
		"the rules cannot be read":    {func(p *screen.Picture) { rules(p).State = ops.SourceStale }, true},
		"why they cannot":             {func(p *screen.Picture) { rules(p).Why = ops.Lit("no route to host") }, true},
		"an Alertmanager is silent":   {func(p *screen.Picture) { server(p).State = ops.SourceStale }, true},
		"the rules are not loaded":    {func(p *screen.Picture) { server(p).Doubt = ops.Lit("its rules are not loaded") }, true},
		"another alert always fires":  {func(p *screen.Picture) { p.Board.Estate.Watchdog = ops.Lit("Deadman") }, true},
		"the agent is lost":           {func(p *screen.Picture) { p.Lost = true }, true},
		"a silence came":              {func(p *screen.Picture) { p.Board.Silences = fixture.Silenced().Silences }, true},
		"the only list of it is gone": {func(p *screen.Picture) { p.Board.Alerts = nil }, true},
	} {
		t.Run(name, func(t *testing.T) {
			pane := NewPane(th).(*alerts)
			pane.SetBoard(was)
			before, next := pane.book, was
			c.change(&next)
			next.Board.Rev++
			pane.SetBoard(next)
			if again := pane.book != before; again != c.again {
				t.Errorf("read again: %v", again)
			}
		})
	}
}

// rules is the first list of alerts, in a board that is p's own.
func rules(p *screen.Picture) *ops.Reading[[]ops.Alert] {
	p.Board.Alerts = slices.Clone(p.Board.Alerts)
	return &p.Board.Alerts[0]
}

// server is the first source, in a board that is p's own.
func server(p *screen.Picture) *ops.Source {
	p.Board.Sources = slices.Clone(p.Board.Sources)
	return &p.Board.Sources[0]
}
