package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"opsdeck/internal/bench/figures"
	"opsdeck/internal/bench/terminal"
)

// How often keys are pressed, and how long one may take to show.
const (
	arrows   = 60
	switches = 30
	keyLimit = 3 * time.Second
	calm     = 60 * time.Millisecond // without output: the answer to a key is over
)

// pressed is what one kind of key cost.
type pressed struct {
	took  figures.Spread
	bytes []int64
}

// press types one key at a moment that no timer of the program's knows, and
// notes the answer's time and size.
func (p *pressed) press(ctx context.Context, c *terminal.Session, key string) error {
	c.Quiet(ctx, calm, 2*time.Second)
	if err := pause(ctx, rand.N(30*time.Millisecond)); err != nil {
		return err
	}
	before := c.Bytes()
	took, err := c.Press(ctx, key, keyLimit)
	if err != nil {
		return fmt.Errorf("key %q: %w", key, err)
	}
	c.Quiet(ctx, calm, time.Second)
	p.took = append(p.took, took)
	p.bytes = append(p.bytes, c.Bytes()-before)
	return nil
}

// upOrDown goes ten rows down and ten rows up again.
func upOrDown(c *terminal.Session, i int) string {
	if i%20 < 10 {
		return c.Down()
	}
	return c.Up()
}

// emptyBeside starts the empty program with the text of a screen.
func emptyBeside(g *stage, lines []string) (*terminal.Session, error) {
	path := filepath.Join(g.dir, "frame.txt")
	for i, l := range lines { // the mark takes a column
		lines[i] = string([]rune(l)[:min(len([]rune(l)), cols-1)])
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		return nil, err
	}
	return terminal.Start(terminal.Spec{Argv: []string{filepath.Join(g.bin, "bench-empty"), path}, Env: g.env(), Cols: cols, Rows: rows})
}

// full is a frame of text, for where the console's own is not at hand. What the
// lines say costs nothing while nothing moves.
func full() []string {
	lines := make([]string, rows)
	for i := range lines {
		lines[i] = fmt.Sprintf("%s%03d %s", prefix, i, strings.Repeat("running  ", 11))
	}
	return lines
}

// measureKeys presses keys in the console and in the empty program by turns.
func measureKeys(ctx context.Context, g *stage, t *figures.Table) {
	var ours, echo, panes pressed
	err := func() error {
		c, _, err := g.containers(ctx, 0, nil)
		if err != nil {
			return err
		}
		defer c.Close() //nolint:errcheck // the figures are taken by then
		e, err := emptyBeside(g, c.Lines())
		if err != nil {
			return err
		}
		defer e.Close() //nolint:errcheck // the figures are taken by then
		if _, err := e.Await(ctx, patience, func(s *terminal.Screen) bool { return s.Has(prefix) }); err != nil {
			return err
		}
		for i := range arrows {
			if err := errors.Join(ours.press(ctx, c, upOrDown(c, i)), echo.press(ctx, e, upOrDown(e, i))); err != nil {
				return err
			}
		}
		for i := range switches {
			if err := panes.press(ctx, c, []string{"1", "3"}[i%2]); err != nil {
				return err
			}
		}
		if u := append(c.Unknown(), e.Unknown()...); len(u) > 0 {
			return fmt.Errorf("the bench's terminal does not understand %v", u)
		}
		return nil
	}()
	addKeys(t, err, ours, echo, panes)
}

func addKeys(t *figures.Table, err error, ours, echo, panes pressed) {
	t.Add(limited("arrow key to changed screen", 2, ours.took, 0.5), err)
	t.Add(limited("arrow key to changed screen", 5, ours.took, 0.95), err)
	t.Add(figures.Row{What: "the same in an empty Bubble Tea program, p50", Shown: echo.took.Words(0.5)}, err)
	for _, q := range []float64{0.5, 0.95} {
		r := figures.Row{What: fmt.Sprintf("arrow key, p%.0f against the empty program", 100*q), Budget: "<= 1.3x", Limit: 1.3}
		if base := echo.took.At(q); base > 0 {
			r.Value = float64(ours.took.At(q)) / float64(base)
		}
		r.Shown = fmt.Sprintf("%.2fx", r.Value)
		t.Add(r, err)
	}
	t.Add(limited("pane switch to changed screen", 5, panes.took, 0.95), err)
	half, most := middle(ours.bytes)
	t.Add(figures.Row{What: "bytes per arrow key, p50", Budget: "<= 100", Limit: 100, Value: float64(half), Shown: fmt.Sprintf("%d (most %d)", half, most)}, err)
	half, most = middle(echo.bytes)
	t.Add(figures.Row{What: "bytes per arrow key in the empty program, p50", Shown: fmt.Sprintf("%d (most %d)", half, most)}, err)
	half, most = middle(panes.bytes)
	t.Add(figures.Row{What: "bytes per pane switch, p50", Shown: fmt.Sprintf("%d (most %d)", half, most)}, err)
}

// measureSlow presses keys on a line of 9600 bytes a second, as under ssh.
func measureSlow(ctx context.Context, g *stage, t *figures.Table) {
	var keys pressed
	err := func() error {
		c, _, err := g.containers(ctx, 9600, []string{"SSH_TTY=/dev/pts/0"})
		if err != nil {
			return err
		}
		defer c.Close() //nolint:errcheck // the figures are taken by then
		for i := range arrows / 2 {
			if err := keys.press(ctx, c, upOrDown(c, i)); err != nil {
				return err
			}
		}
		return nil
	}()
	t.Add(limited("key on a line of 9600 B/s (SSH_TTY set)", 60, keys.took, 0.95), err)
}
