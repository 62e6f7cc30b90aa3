package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/actions/backup"
	"opsdeck/internal/proc"
	"opsdeck/ops"
	"opsdeck/store"
)

// keepCommand keeps a job's child: it outlives the agent, and writes down how that ended.
const keepCommand = "keep-child"

func (a *app) keepChildCommand() *cobra.Command {
	return &cobra.Command{Use: keepCommand + " FOLDER SIZE PROGRAM [ARGUMENT...]", Hidden: true, DisableFlagParsing: true, Args: cobra.MinimumNArgs(3),
		RunE: func(_ *cobra.Command, args []string) error { return proc.Keep(args, a.std.in) }}
}

// leftFor is how long the output of a child stays whose agent died.
const leftFor = 7 * 24 * time.Hour

// keptChild runs children of jobs behind a keeper. Their output lies beside the history
// while they run, without the secrets that are known when they begin. One that runs as another account is not ours to end: where its job is
// to end before it, it goes on.
func keptChild(history *store.Store, account string, secrets func() ops.Secrets) backup.Child {
	return func(ctx context.Context, argv []string, begun func(ops.Process), line func(ops.Stream, string)) (int, error) {
		dir, err := childFolder(history, time.Now())
		if err != nil {
			return 0, err
		}
		self, err := os.Executable()
		if err != nil {
			return 0, err
		}
		k, err := proc.Start([]string{self, keepCommand}, dir, proc.Spec{Argv: argv, Secrets: secrets()}, func(p ops.Process) error { begun(p); return nil })
		if err != nil {
			return 0, errors.Join(noFolder(history.Dir(), err), os.RemoveAll(dir))
		}
		if account == "" {
			return waited(ctx, k, dir, line)
		}
		type end struct {
			code int
			err  error
		}
		done := make(chan end, 1)
		heard := make(chan struct{}) // closed when nobody listens any more
		go func() {
			code, err := waited(context.WithoutCancel(ctx), k, dir, func(s ops.Stream, text string) {
				select {
				case <-heard:
				default:
					line(s, text)
				}
			})
			done <- end{code, err}
		}()
		select {
		case e := <-done:
			return e.code, e.err
		case <-ctx.Done():
			close(heard)
			return 0, ops.Errorf(ops.CodeUnanswered, "it goes on: it runs as %s, whose processes the agent cannot end, behind process %d", account, k.Process.PID).
				Help("end it as %s, or look at the board for how it ends", account)
		}
	}
}

// waited waits for a child and says with which code it ended.
func waited(ctx context.Context, k *proc.Kept, dir string, line func(ops.Stream, string)) (int, error) {
	end, seen, err := k.Wait(ctx, line)
	switch {
	case err != nil:
		return 0, ops.Errorf(ops.CodeUnanswered, "how it ended cannot be read: %v", err)
	case !seen:
		return 0, ops.Errorf(ops.CodeUnanswered, "nobody saw how it ended: its keeper, process %d, was killed", k.Process.PID)
	case end.Why != "":
		return 0, errors.Join(ops.Errorf(ops.CodeUnavailable, "nothing was done: %s", end.Why), proc.Open(dir).Remove())
	case end.Signal != 0:
		return bySignal + int(end.Signal), proc.Open(dir).Remove()
	}
	return end.Code, proc.Open(dir).Remove()
}

// bySignal is what a shell adds to the number of the signal that ended a program.
const bySignal = 128

// childFolder names a new folder for a child's output, and takes old ones away whose
// agents died.
func childFolder(history *store.Store, now time.Time) (string, error) {
	all := filepath.Join(history.Dir(), "children")
	if err := os.MkdirAll(all, 0o700); err != nil {
		return "", noFolder(history.Dir(), err)
	}
	left, err := os.ReadDir(all)
	if err != nil {
		return "", noFolder(history.Dir(), err)
	}
	for _, d := range left {
		if info, err := d.Info(); err == nil && now.Sub(info.ModTime()) > leftFor {
			if err := proc.Open(filepath.Join(all, d.Name())).Remove(); err != nil {
				return "", err
			}
		}
	}
	return filepath.Join(all, now.UTC().Format("20060102-150405.000000000")), nil
}

// noFolder says what to do where a child's output has no place: the agent's folder was taken
// away or given to another while it runs. Nothing was started then. Other errors stay as they are.
func noFolder(state string, err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); !ok || at.Op != "mkdir" && at.Op != "open" || !within(state, at.Path) {
		return err
	}
	return ops.Errorf(ops.CodeUnavailable, "nothing was started: its output has no place: %v", err).
		Help("let the agent's account (uid %d) own %s and write there, as mode 0700; then start the job again", os.Geteuid(), state)
}

func within(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}
