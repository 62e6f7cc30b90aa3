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

	"opsdeck/ops"
)

// Frames a second. A frame is sent only when something changed, so this bounds
// the wait for a key's answer (25 ms) and not the traffic at rest. A slow line
// gets fewer, so that holding a key down does not fill it.
const (
	framesFast = 40
	framesSlow = 15
)

// Run shows a console until the user leaves, ctx ends, or the terminal goes.
// The jobs are the agent's: they go on whatever happens here.
func Run(ctx context.Context, c ops.Console, o Options, in io.Reader, out io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	frames := framesFast
	if o.Slow {
		frames = framesSlow
	}
	guarded := &guard{Model: New(c, o), file: o.CrashFile}
	p := tea.NewProgram(guarded,
		tea.WithInput(in), tea.WithOutput(out), tea.WithFPS(frames), tea.WithoutSignalHandler())
	watching, unwatch := context.WithCancel(ctx)
	defer unwatch()
	go watch(watching, c, p.Send)
	go func() {
		<-watching.Done()
		p.Quit() // leaves the terminal as it was; a second Quit does nothing
	}()
	_, err := p.Run()
	switch {
	case guarded.crash != nil:
		return guarded.crash
	case err == nil || errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil:
		return nil
	}
	return fmt.Errorf("run the console: %w", err)
}

// How long to wait before the agent is tried again: soon at first, for a restart
// of the agent takes a second or two.
const (
	retryFirst = 250 * time.Millisecond
	retryLast  = 5 * time.Second
)

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
		}
		if ctx.Err() != nil {
			return
		}
		send(lostMsg{err})
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, retryLast)
	}
}

// guard turns a crash of the model into a clean end: the terminal is restored by
// the ordinary way out, and the details go to a file instead of the screen.
type guard struct {
	*Model
	file  string
	crash error
}

// Update and View end the program on a crash below them.
func (g *guard) Update(msg tea.Msg) (model tea.Model, cmd tea.Cmd) {
	defer func() {
		if r := recover(); r != nil {
			g.fell(r)
			model, cmd = g, tea.Quit
		}
	}()
	if g.crash != nil {
		return g, tea.Quit
	}
	_, cmd = g.Model.Update(msg)
	return g, cmd
}

// View draws the model; after a crash there is nothing to draw.
func (g *guard) View() (v tea.View) {
	defer func() {
		if r := recover(); r != nil {
			g.fell(r)
			v = tea.View{}
		}
	}()
	if g.crash != nil {
		return tea.View{}
	}
	return g.Model.View()
}

// fell keeps what is known of a crash and names where it is.
func (g *guard) fell(r any) {
	if g.crash != nil {
		return
	}
	where := "no crash file is set"
	if g.file != "" {
		where = "details in " + g.file
		if err := os.WriteFile(g.file, crashReport(r), 0o600); err != nil {
			where = "the details could not be written: " + err.Error()
		}
	}
	g.crash = ops.Errorf(ops.CodeInternal, "the console crashed: %v", r).Help("%s; jobs go on in the agent, start the console again", where)
}
