package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"opsdeck/lab/internal/dbload"
	"opsdeck/lab/internal/engine"
	"opsdeck/lab/internal/faults"
	"opsdeck/lab/internal/firewall"
	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/servers"
	"opsdeck/lab/internal/stack"
)

// up starts servers and containers side by side and tells each as it is ready.
func up(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	wait := flags.Duration("wait", 120*time.Second, "how long everything may take to be ready")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return fmt.Errorf("%w: lab up [--wait 120s]", errUsage)
	}
	l, err := layout.FromEnvironment()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if missing := servers.Missing(); len(missing) > 0 {
		return fmt.Errorf("%w: %s not installed: run scripts/install-packages", errCannot, strings.Join(missing, ", "))
	}
	if err := l.Create(); err != nil {
		return fmt.Errorf("%w (choose another folder with %s)", err, layout.EnvState)
	}
	unlock, err := lock(ctx, l)
	if err != nil {
		return err
	}
	defer unlock()
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, *wait)
	defer cancel()
	say := printer(out)
	var wg sync.WaitGroup
	var hostErr, stackErr error
	wg.Go(func() { hostErr = upHost(ctx, faults.Lab{Layout: l, Program: self}, say) })
	wg.Go(func() { stackErr = upContainers(ctx, l, say) })
	wg.Wait()
	if err := errors.Join(hostErr, stackErr); err != nil {
		return err
	}
	if err := dbload.EnsureLogins(ctx, l); err != nil {
		return err
	}
	if err := writeEstate(l); err != nil {
		return err
	}
	// Of a lab that was broken off too: ready means whole.
	if err := healEach(ctx, faults.Table(), faults.Lab{Layout: l, Program: self}, io.Discard); err != nil {
		return err
	}
	say(fmt.Sprintf("lab is up in %.1f s; console: opsdeck --estate %s", time.Since(began).Seconds(), l.Estate()))
	return nil
}

// upHost starts the servers, and sees to their backups while the containers come up.
func upHost(ctx context.Context, lab faults.Lab, say func(string)) error {
	if err := servers.Up(ctx, lab.Layout, func(r servers.Report) { say(serverLine(r)) }); err != nil {
		return err
	}
	began := time.Now()
	// What a fault took away would be missing, and made a second time.
	if err := healEach(ctx, faults.Backups(), lab, io.Discard); err != nil {
		return err
	}
	made, err := servers.EnsureBackup(ctx, lab.Layout)
	if err == nil {
		say(readyLine("backups", "-", time.Since(began), !made, ""))
	}
	return err
}

func upContainers(ctx context.Context, l layout.Layout, say func(string)) error {
	began := time.Now()
	e, err := engine.Up(ctx, l)
	if err != nil {
		return err
	}
	for _, n := range e.Notes {
		say(n)
	}
	kind := "this machine's"
	if e.Own {
		kind = "the lab's own"
	}
	say(fmt.Sprintf("ready  %-22s %-6s %6d ms  docker %s, %s", "docker", "-", time.Since(began).Milliseconds(), e.Version, kind))
	return stack.Up(ctx, e.Client, l, opener(e, l, say), func(ctx context.Context) error {
		return faults.Behave(ctx, e.Client)
	}, say, func(r stack.Report) {
		say(readyLine(r.Name, r.Port, r.Took, r.Already, "container"))
	})
}

// opener lets pass what the lab's containers say to each other, where that is
// the lab's to do: on the bridges of a daemon of its own, which only root has.
func opener(e *engine.Engine, l layout.Layout, say func(string)) stack.Opener {
	f := firewall.For(l.State)
	return func(ctx context.Context, bridges []string) error {
		cause := f.Cause(ctx)
		switch {
		case cause == "":
			return errors.New("no firewall is known to drop it: look at what filters bridged packets (nft list ruleset)")
		case !e.Own:
			return fmt.Errorf("%s. The Docker daemon is not the lab's, which leaves its bridges alone: start that daemon again, or as root: %s",
				cause, strings.Join(firewall.ByHand(bridges), "; "))
		}
		if err := f.Open(ctx, bridges); err != nil {
			return fmt.Errorf("%s: %w", cause, err)
		}
		say("firewall opened for " + strings.Join(bridges, ", ") + " until `lab down`: " + cause)
		return nil
	}
}

func serverLine(r servers.Report) string {
	return readyLine(r.Name, fmt.Sprint(r.Port), r.Took, r.Already, r.Note)
}

func readyLine(name, port string, took time.Duration, already bool, note string) string {
	line := fmt.Sprintf("ready  %-22s %-6s %6d ms", name, port, took.Milliseconds())
	if already {
		line += "  (was up)"
	}
	if note != "" {
		line += "  " + note
	}
	return line
}

// printer serialises lines: two halves of the lab come up at once.
func printer(out io.Writer) func(string) {
	var mu sync.Mutex
	return func(line string) {
		mu.Lock()
		defer mu.Unlock()
		// Nobody left to read the progress is no reason to stop.
		_, _ = fmt.Fprintln(out, line)
	}
}

// writeEstate writes what the console is started with.
func writeEstate(l layout.Layout) error {
	text := fmt.Sprintf(`# Written by lab up. The shipped estate ifrs9, with the lab's addresses.
extends: ifrs9
sources:
  prometheus: {url: %q}
  alertmanager: {url: %q}
  docker: {host: %q}
  postgres:
    dsn: %q
    password_file: %q
    actions: {user: %s, password_file: %q}
    every: 5s
# The document's repositories are not here.
backups:
  ifrs9: null
  lab: {engine: pgbackrest, database: postgres, stanza: %s, config: %q,%s rpo: 15m, oldest: {full: 2d}, every: 30s, optional: true, repositories: {disk: {number: 1, where: %q}}}
metrics: null
# The lab has no night to wait for.
limits: {database: {blocked: 10s, idle_in_transaction: 20s, transaction: 30s, replica_lag: 10s}}
# The lab's pipeline runs in minutes, and says itself how long it may take.
pipelines: {pipeline: {window_query: max(ifrs9_pipeline_sla_seconds)}}
# For the fault load-left-running.
loads:
  left: {note: five requests a second for the fault load-left-running, target: ifrs9-api, allow: [%[12]q], targets: [{url: "http://%[12]s/health"}], rate: {constant: {rate: 5, for: 20s}}, max_rate: 10, timeout: 2s, max_duration: 30s, limits: {latency_p95: 2s, errors: 1%%}, production: true}
`, layout.URL(layout.PortPrometheusProxy), layout.URL(layout.PortAlertmanagerProxy), engine.Host(l),
		"postgres://"+dbload.ReadUser+"@"+layout.Addr(layout.PortPostgres)+"/postgres?sslmode=disable",
		dbload.ConsolePassword(l), dbload.ActUser, dbload.ConsolePassword(l),
		servers.Stanza, servers.BackupConfig(l), runAs(), servers.Repository(l), layout.Addr(stack.PortAPI))
	return os.WriteFile(l.Estate(), []byte(text), 0o644)
}

// runAs is the estate's word for who pgBackRest runs as, which is who PostgreSQL does.
func runAs() string {
	if os.Geteuid() != 0 {
		return "" // our own
	}
	return " run_as: postgres,"
}
