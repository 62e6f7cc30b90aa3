package docker

import (
	"context"
	"fmt"
	"time"

	"github.com/moby/moby/api/types/container"

	"opsdeck/ops"
)

// followEvery is how often a name is looked for whose container does not run, and how
// long a stream rests that ends though its container runs. An event comes sooner.
const followEvery = 2 * time.Second

// run is one run of the container that bears a name; its times are the daemon's.
type run struct {
	id       string
	tty, up  bool
	started  time.Time
	finished time.Time
	began    time.Time // before it, lines are of the run before; zero: there was none
	code     int
}

// runOf is the newest run of an inspected container.
func runOf(c *container.InspectResponse) run {
	r := run{id: c.ID, tty: c.Config != nil && c.Config.Tty}
	if st := c.State; st != nil {
		r.up = st.Running && !st.Restarting
		r.started, r.finished, r.began, r.code = timeOf(st.StartedAt), timeOf(st.FinishedAt), runBegan(timeOf(c.Created), st), st.ExitCode
	}
	return r
}

// look asks for the newest run of the name.
func (f *follower) look(ctx context.Context) (run, error) {
	ctx, cancel := f.c.bounded(ctx)
	defer cancel()
	c, err := f.c.inspect(ctx, f.ref, "read log of")
	if err != nil {
		return run{}, err
	}
	return runOf(c), nil
}

// same reports whether two are one run.
func (r run) same(o run) bool { return r.id == o.id && r.started.Equal(o.started) }

// whole is a run of which nobody asks where it begins.
func (r run) whole() run {
	r.began = time.Time{}
	return r
}

// follower reads the log of a name: of one run after another, whichever container
// bears the name.
type follower struct {
	c      *Collector
	ref    ops.Ref
	from   ops.TailFrom
	emit   func(ops.Line) error
	newest run    // that was read to its end
	read   bool   // one was
	told   run    // that was said to begin
	said   string // what was said last about waiting
	gone   error  // emit's: nobody reads any more
}

// follow reads until ctx ends or emit fails. Only what is wrong at the first look is an
// error: later it is said, and tried again.
func (c *Collector) follow(ctx context.Context, ref ops.Ref, from ops.TailFrom, emit func(ops.Line) error) error {
	f := &follower{c: c, ref: ref, from: from, emit: emit}
	for {
		changed := c.changes(ref.ID.String())
		err := f.catchUp(ctx)
		switch {
		case f.gone != nil:
			return f.gone
		case ctx.Err() != nil:
			return fmt.Errorf("read log of %s: %w", ref.ID, ctx.Err())
		case err != nil && !f.read && f.said == "":
			return err
		case err != nil:
			f.wait("cannot be read now: %s; it is tried again", ops.AsError(err).What)
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-time.After(followEvery):
		}
	}
}

// catchUp reads the newest run where that was not read, and says what is waited for.
func (f *follower) catchUp(ctx context.Context) error {
	for {
		r, err := f.look(ctx)
		switch {
		case ops.CodeOf(err) == ops.CodeNotFound:
			f.wait("there is no container %s now: waiting for one of that name", f.ref.ID)
			return nil
		case err != nil:
			return err
		case f.read && r.same(f.newest) && !r.up:
			f.wait("ended %s with exit code %d: waiting for the next run", stampOf(f.c.cfg.Clock.ours(r.finished)), r.code)
			return nil
		}
		again := f.read && r.same(f.newest)
		if err := f.readRun(ctx, r); err != nil || f.gone != nil || again {
			return err // again: it runs, and its stream ended; not at once once more
		}
	}
}

// readRun reads one run, behind the newest line that was read.
func (f *follower) readRun(ctx context.Context, r run) error {
	if f.read && !r.same(f.newest) && !r.same(f.told) {
		where := ""
		if r.id != f.newest.id {
			where = " in a new container"
		}
		f.say("the next run begins%s, started %s", ops.Clean(where), stampOf(f.c.cfg.Clock.ours(r.started)))
	}
	if f.told = r; f.read {
		r = r.whole() // it is told
	}
	f.said = ""
	err := f.c.tail(ctx, f.ref, r, f.from, func(l ops.Line) error {
		if l.Offset > f.from.Offset {
			f.from.Offset = l.Offset
		}
		f.gone = f.emit(l)
		return f.gone
	})
	if err == nil {
		f.newest, f.read = r, true
		f.from.Lines = 0 // nothing of the next run is left out
	}
	return err
}

// wait says what is waited for, once.
func (f *follower) wait(format string, args ...any) {
	if words := ops.Textf(format, args...).String(); words != f.said {
		f.say("%s", ops.Clean(words))
		f.said = words
	}
}

// say tells a line of our own.
func (f *follower) say(format string, args ...any) {
	if f.gone == nil {
		f.gone = f.emit(ops.Line{At: f.c.cfg.Now(), From: f.ref, Stream: ops.StreamMeta, Text: ops.Textf(format, args...)})
	}
}

func stampOf(t time.Time) string {
	if t.IsZero() {
		return "at a time that is not known"
	}
	return t.UTC().Format(time.RFC3339)
}

// changes is closed with the next event that begins or ends a run of a name.
func (c *Collector) changes(name string) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.followed[name] == nil {
		c.followed[name] = make(chan struct{})
	}
	return c.followed[name]
}

// wake tells those who follow the names of an event; c.mu is held.
func (c *Collector) wake(e event) {
	switch e.action {
	case "start", "die", "destroy", "rename":
		for _, name := range []string{e.name, e.oldName} {
			if ch := c.followed[name]; ch != nil {
				close(ch)
				delete(c.followed, name)
			}
		}
	}
}
