package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
)

const replicaName = "postgres-replica"

func replicaData(l layout.Layout) string { return l.Path("postgres", "replica") }

// StartReplica copies the running server and starts the copy as its streaming
// replica. One that runs is left alone; half of one is made anew.
func StartReplica(ctx context.Context, l layout.Layout, slot string) error {
	if _, running := runningReplica(l); running {
		return nil
	}
	if err := RemoveReplica(ctx, l); err != nil {
		return err
	}
	out, err := asPostgres(ctx, l, "/pg_basebackup", "-h", l.Path("postgres", "run"), "-p", port(layout.PortPostgres), "-U", "postgres",
		"-D", replicaData(l), "-R", "-X", "stream", "-c", "fast", "-C", "-S", slot, "--no-sync")
	if err != nil {
		return fmt.Errorf("copy the server: %w: %s", err, lastLines(out, 2))
	}
	s := replicaServer()
	id, err := s.start(l)
	if err != nil {
		return err
	}
	return s.awaitReady(ctx, l, id)
}

// RemoveReplica stops the replica and removes its data.
func RemoveReplica(ctx context.Context, l layout.Layout) error {
	if id, running := runningReplica(l); running {
		if err := process.Stop(ctx, id, syscall.SIGINT, stopGrace); err != nil {
			return fmt.Errorf("stop the replica: %w", err)
		}
	}
	for _, path := range []string{l.PidFile(replicaName), replicaData(l)} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove the replica: %w", err)
		}
	}
	return nil
}

// runningReplica trusts the pid file only: a search would find the primary,
// which is the same program.
func runningReplica(l layout.Layout) (process.Identity, bool) {
	id := process.Load(l.PidFile(replicaName))
	return id, id.Alive()
}

func replicaServer() Server {
	return Server{
		Name: replicaName, Program: postgresBin + "/postgres", Port: layout.PortReplica, User: "postgres",
		Args: func(l layout.Layout) ([]string, []string, error) {
			return []string{"-D", replicaData(l), "-c", "port=" + port(layout.PortReplica), "-c", "archive_mode=off",
				"-c", "cluster_name=" + replicaName}, nil, nil
		},
		Ready: func(ctx context.Context, l layout.Layout) error {
			out, err := asPostgres(ctx, l, "/psql", "-X", "-At", "-h", l.Path("postgres", "run"), "-p", port(layout.PortReplica),
				"-U", "postgres", "-c", "SELECT pg_is_in_recovery()")
			if err != nil {
				return fmt.Errorf("psql: %s", lastLines(out, 2))
			}
			return nil
		},
	}
}

// asPostgres runs one of PostgreSQL's programs, or one in PATH, as the user who owns its
// data.
func asPostgres(ctx context.Context, l layout.Layout, program string, args ...string) ([]byte, error) {
	if own, found := strings.CutPrefix(program, "/"); found {
		program = filepath.Join(postgresBin, own)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = l.Path("postgres")
	cmd.Env = process.BaseEnv()
	if os.Geteuid() == 0 {
		cred, err := process.Credential("postgres")
		if err != nil {
			return nil, err
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	}
	return cmd.CombinedOutput()
}
