package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"opsdeck/lab/internal/engine"
	"opsdeck/lab/internal/faults"
	"opsdeck/lab/internal/firewall"
	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/servers"
	"opsdeck/lab/internal/stack"
)

const downLimit = 90 * time.Second

// down stops what the lab started and nothing else.
func down(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("down", flag.ContinueOnError)
	purge := flags.Bool("purge", false, "remove the lab's volumes, images and state folder as well")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return fmt.Errorf("%w: lab down [--purge]", errUsage)
	}
	l, err := layout.FromEnvironment()
	if err != nil {
		return err
	}
	if _, err := os.Stat(l.Marker()); errors.Is(err, os.ErrNotExist) {
		_, err := fmt.Fprintf(out, "nothing to stop: no lab in %s\n", l.State)
		return err
	}
	unlock, err := lock(ctx, l)
	if err != nil {
		return err
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(ctx, downLimit)
	defer cancel()
	say := printer(out)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	err = errors.Join(
		faults.LetGo(ctx, faults.Lab{Layout: l, Program: self}),
		downContainers(ctx, l, *purge, say),
		closeFirewall(ctx, l, say),
		servers.Down(ctx, l, func(name string) { say("stopped  " + name) }),
	)
	if err != nil || !*purge {
		return err
	}
	return purgeState(l, say)
}

func downContainers(ctx context.Context, l layout.Layout, purge bool, say func(string)) error {
	e, err := engine.Known(ctx, l)
	if err != nil && engine.OwnLeft(l) {
		// Our daemon was killed and its containers live on without it. A
		// daemon that starts again takes them over, and can then end them.
		say("the lab's docker daemon was gone; starting it to end its containers")
		e, err = engine.Up(ctx, l)
		if err != nil {
			return fmt.Errorf("containers are left over: %w", err)
		}
	}
	if err == nil {
		var n int
		n, err = stack.Down(ctx, e.Client, purge && !e.Own)
		say(fmt.Sprintf("removed  %d containers", n))
	} else {
		err = nil // no daemon answers: there is nothing of ours to remove
	}
	// A daemon of our own ends also where something of it could not be removed, and
	// takes the rest along.
	stopped, errOwn := engine.DownOwn(ctx, l)
	for _, name := range stopped {
		say("stopped  " + name)
	}
	return errors.Join(err, errOwn)
}

// closeFirewall takes away what `lab up` may have put into the firewall, also
// where it was killed since.
func closeFirewall(ctx context.Context, l layout.Layout, say func(string)) error {
	if os.Geteuid() != 0 {
		return nil // only root has put anything there
	}
	n, err := firewall.For(l.State).Close(ctx)
	if n > 0 && err == nil {
		say(fmt.Sprintf("removed  %d rules of the firewall", n))
	}
	return err
}

// purgeState removes the state folder, which the marker shows to be a lab's.
func purgeState(l layout.Layout, say func(string)) error {
	if _, err := os.Stat(l.Marker()); err != nil {
		return fmt.Errorf("%s is not a lab's state folder, nothing removed: %w", l.State, err)
	}
	for _, dir := range []string{l.RunDir(), l.State} {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove state: %w (is something still mounted below it?)", err)
		}
	}
	say("removed  " + l.State)
	return nil
}
