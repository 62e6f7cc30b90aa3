package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/themes"
)

// blind takes what is written and tells when it has seen a word. It has no
// size, so that the window title is all that is drawn.
type blind struct {
	mu   sync.Mutex
	all  bytes.Buffer
	want string
	seen chan struct{}
}

func (w *blind) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all.Write(b)
	if w.want != "" && strings.Contains(w.all.String(), w.want) {
		w.want = ""
		close(w.seen)
	}
	return len(b), nil
}

func TestRunDrawsAndEndsWithItsContext(t *testing.T) {
	in, keys := io.Pipe()
	defer keys.Close() //nolint:errcheck // the test has what it wanted
	out := &blind{want: "shop-eu", seen: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	th, _ := themes.New("none", false)
	ended := make(chan error, 1)
	go func() {
		o := Options{Now: time.Now, Theme: th}
		_, err := Run(ctx, fixture.NewConsole(fixture.Good()), o, in, out)
		ended <- err
	}()
	select {
	case <-out.seen:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was drawn")
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it did not end")
	}
}

// flaky fails to watch once and then delivers one board.
type flaky struct {
	*fixture.Console
	tries int
}

func (f *flaky) Watch(ctx context.Context) (<-chan ops.Event, error) {
	f.tries++
	if f.tries == 1 {
		return nil, errors.New("connection refused")
	}
	return f.Console.Watch(ctx)
}

func TestWatchSaysThatTheAgentIsLostAndTriesAgain(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	got := make(chan tea.Msg, 10)
	go watch(ctx, &flaky{Console: fixture.NewConsole(fixture.Good())}, func(m tea.Msg) { got <- m })
	if m, ok := (<-got).(lostMsg); !ok || m.err == nil {
		t.Errorf("first came %T", m)
	}
	if m, ok := (<-got).(boardMsg); !ok || m.Board.Rev == 0 {
		t.Errorf("then came %T", m)
	}
}

func TestACrashEndsTheConsoleAndNamesTheFile(t *testing.T) {
	crashes := map[string]func(g *guard) tea.Cmd{
		"in Update": func(g *guard) tea.Cmd {
			g.panes = nil
			_, cmd := g.Update(stroke("j"))
			return cmd
		},
		"in View": func(g *guard) tea.Cmd {
			g.panes = nil
			g.View()
			_, cmd := g.Update(nil)
			return cmd
		},
		"in a command": func(g *guard) tea.Cmd {
			msg := caught(tea.Batch(func() tea.Msg { panic("boom") }, tea.Quit))().(tea.BatchMsg)[0]()
			_, cmd := g.Update(msg)
			return cmd
		},
	}
	for where, crash := range crashes {
		file := filepath.Join(t.TempDir(), "crash.txt")
		g := &guard{Model: newRig(fixture.Good(), "none").m, file: file}
		cmd := crash(g)
		if cmd == nil {
			t.Fatalf("%s: goes on", where)
		}
		if _, ok := cmd().(tea.QuitMsg); !ok {
			t.Errorf("%s: goes on", where)
		}
		if g.crash == nil || !strings.Contains(g.crash.Error(), file) {
			t.Errorf("%s: %v", where, g.crash)
		}
		if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), "goroutine") {
			t.Errorf("%s: the file holds %q, %v", where, b, err)
		}
	}
}
