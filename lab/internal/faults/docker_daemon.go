package faults

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"opsdeck/lab/internal/engine"
)

// errForeignDaemon: the lab does not break a daemon that others use.
var errForeignDaemon = errors.New("the lab uses a Docker daemon that is not its own, and does not break it")

// dockerRestarted ends the lab's own daemon as systemd would and starts it
// again. Its containers end with it and come back with it.
func dockerRestarted() Fault {
	return Fault{
		Name: "docker-restarted",
		Line: "the lab's own dockerd is stopped and started: its event streams end, its containers restart",
		Apply: func(ctx context.Context, lab Lab) error {
			if !engine.Own(lab.Layout) {
				return errForeignDaemon
			}
			return engine.Restart(ctx, lab.Layout)
		},
		Heal: func(ctx context.Context, lab Lab) error {
			if !engine.Own(lab.Layout) {
				return nil
			}
			_, err := engine.Up(ctx, lab.Layout)
			return err
		},
	}
}

// The socket as dockerd makes it, and as a hardened machine would have it.
const (
	socketOpen   fs.FileMode = 0o660
	socketClosed fs.FileMode = 0o600
)

// dockerDenied shuts the group docker out of the lab's own socket. Root is not
// stopped by that: run the console as another user in that group to see it.
func dockerDenied() Fault {
	return Fault{
		Name: "docker-denied",
		Line: "the lab's own docker.sock has mode 0600: the group docker gets \"permission denied\" (root does not)",
		Apply: func(_ context.Context, lab Lab) error {
			if !engine.Own(lab.Layout) {
				return errForeignDaemon
			}
			return os.Chmod(lab.Layout.DockerSocket(), socketClosed)
		},
		Heal: func(_ context.Context, lab Lab) error {
			if !engine.Own(lab.Layout) {
				return nil
			}
			if err := os.Chmod(lab.Layout.DockerSocket(), socketOpen); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("open the socket again: %w", err)
			}
			return nil
		},
	}
}
