package servers

import (
	"context"
	"fmt"
	"syscall"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
)

func named(name string) (Server, error) {
	for _, s := range Table() {
		if s.Name == name {
			return s, nil
		}
	}
	return Server{}, fmt.Errorf("no server named %s", name)
}

// Find gives the live process of the named server.
func Find(l layout.Layout, name string) (process.Identity, error) {
	s, err := named(name)
	if err != nil {
		return process.Identity{}, err
	}
	id, ok := process.Current(l, s.Name, s.Program)
	if !ok {
		return process.Identity{}, fmt.Errorf("%s does not run: `lab up` first", name)
	}
	return id, nil
}

// Start brings the named server to ready; one that is ready is left alone.
func Start(ctx context.Context, l layout.Layout, name string) error {
	s, err := named(name)
	if err != nil {
		return err
	}
	_, err = s.ensure(ctx, l)
	return err
}

// Launch starts the named server, which must not run, and does not wait for it.
func Launch(ctx context.Context, l layout.Layout, name string) (process.Identity, error) {
	s, err := named(name)
	if err != nil {
		return process.Identity{}, err
	}
	if err := s.awaitPort(ctx); err != nil {
		return process.Identity{}, err
	}
	return s.start(l)
}

// Stop ends the named server as its operator would; one that is down stays so.
func Stop(ctx context.Context, l layout.Layout, name string) error {
	s, err := named(name)
	if err != nil {
		return err
	}
	_, err = s.stop(ctx, l)
	return err
}

// Kill ends the named server without warning.
func Kill(ctx context.Context, l layout.Layout, name string) error {
	s, err := named(name)
	if err != nil {
		return err
	}
	s.Stop = syscall.SIGKILL
	_, err = s.stop(ctx, l)
	return err
}
