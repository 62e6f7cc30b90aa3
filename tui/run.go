package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"

	"opsdeck/ops"
)

// Frames a second, at most. A frame is sent only when something changed, and the
// first after a rest at once, so this bounds what follows: a key held down, lines
// that pour in. A slow line gets fewer, so that those do not fill it.
const (
	framesFast = 60
	framesSlow = 20
)

// Run shows a console until the user leaves, ctx ends, or the terminal goes.
// The jobs are the agent's: they go on whatever happens here.
func Run(ctx context.Context, c ops.Console, o Options, in io.Reader, out io.Writer) (Left, error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if f, ok := out.(*os.File); ok {
		if w, h, err := term.GetSize(f.Fd()); err == nil && (w > widest || h > tallest) {
			return Left{}, ops.Errorf(ops.CodeInvalid, "the terminal says that it has %s and %s", ops.Count(w, "column"), ops.Count(h, "row")).
				Help("at most %d and %d are drawn: stty cols 120 rows 40 corrects it", widest, tallest)
		}
	}
	frames := framesFast
	if o.Slow {
		frames = framesSlow
	}
	m := New(c, o)
	guarded := &guard{Model: m, file: o.CrashFile}
	p := newProgram(guarded, frames, tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler())
	watching, unwatch := context.WithCancel(ctx)
	defer unwatch()
	go func() {
		defer func() {
			if r := recover(); r != nil {
				p.Send(crashMsg{r})
			}
		}()
		watch(watching, c, p.Send)
	}()
	go func() {
		<-watching.Done()
		p.Quit() // leaves the terminal as it was; a second Quit does nothing
	}()
	_, err := p.Run()
	switch {
	case guarded.crash != nil:
		return Left{}, guarded.crash
	case ctx.Err() != nil && (err == nil || errors.Is(err, tea.ErrProgramKilled)):
		return Left{}, nil
	case err == nil:
		return m.left, nil
	}
	return Left{}, fmt.Errorf("run the console: %w", err)
}

// How long to wait before the agent is tried again: soon at first, for a restart
// of the agent takes a second or two.
const (
	retryFirst = 250 * time.Millisecond
	retryLast  = 5 * time.Second
)

// why is the reason for which a Watch ended, where the way to the agent knows one.
func why(c ops.Console) error {
	if w, ok := c.(interface{ Why() error }); ok {
		return w.Why()
	}
	return nil
}

// heard is when the agent was heard of last: its heartbeats reach the way to it,
// and not the screen.
func heard(c ops.Console) time.Time {
	if h, ok := c.(interface{ Heard() time.Time }); ok {
		return h.Heard()
	}
	return time.Time{}
}

// watch sends every board to the program, says when the agent is lost, and tries
// again until ctx ends.
func watch(ctx context.Context, c ops.Console, send func(tea.Msg)) {
	wait := retryFirst
	for ctx.Err() == nil {
		events, err := c.Watch(ctx)
		if err == nil {
			for e := range events {
				wait = retryFirst
				send(boardMsg(e))
			}
			err = why(c)
		}
		if ctx.Err() != nil {
			return
		}
		send(lostMsg{err, heard(c)})
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, retryLast)
	}
}
