package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"opsdeck/ops"
	"opsdeck/report"
)

// order is what opsdeck run was asked for.
type order struct {
	action, target string
	params         []string
	yes            bool
	confirm        string
	reason, key    string
	planOnly       bool
	out, err       io.Writer
	tty            bool
}

func (a *app) runCommand() *cobra.Command {
	o := order{}
	cmd := &cobra.Command{
		Use:   "run ACTION TARGET",
		Short: "Run an action in the agent and follow it to its end",
		Long: `Run an action. The plan is printed first; a disruptive action wants --yes, a destructive
one --confirm with the target's name, and in production both want --reason, which
also unlocks production for this one call. Ctrl-C stops following: the job goes on.

Exit code: 0 succeeded, 1 failed or canceled, 2 partial, 3 not known how it ended,
64 usage, 69 no agent, 75 target held or plan changed, 77 not allowed.`,
		Example: `opsdeck run container.restart container:docker/web --yes --reason "leaks memory"
opsdeck run container.stop container:docker/web --plan
opsdeck actions`,
		Args: exactly(2, "ACTION and TARGET"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.action, o.target = args[0], args[1]
			o.out, o.err = cmd.OutOrStdout(), cmd.ErrOrStderr()
			o.tty = term.IsTerminal(a.std.err.Fd())
			return a.runOrder(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.params, "param", "p", nil, "parameter of the action as key=value; repeatable")
	o.answerFlags(f)
	return cmd
}

// answerFlags are those that answer what a plan asks.
func (o *order) answerFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.yes, "yes", false, "confirm a disruptive action")
	f.StringVar(&o.confirm, "confirm", "", "the target's name: confirms a destructive action")
	f.StringVar(&o.reason, "reason", "", "why; goes into the audit")
	f.StringVar(&o.key, "key", "", "idempotency key: the same request with the same key gives the same job")
	f.BoolVar(&o.planOnly, "plan", false, "print the plan and start nothing")
}

func (a *app) runOrder(ctx context.Context, o order) error {
	c, w, id, err := a.begin(ctx, o)
	if err != nil || id == 0 {
		return err
	}
	defer w.close()
	fmt.Fprintf(o.out, "job %d started; it goes on without this terminal\n", id)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	return o.follow(ctx, w, c, id)
}

// begin plans an order, prints the plan and starts it. Without a job nothing is to be
// followed, and the agent has been let go of.
func (a *app) begin(ctx context.Context, o order) (ops.Console, endpoint, ops.JobID, error) {
	req, err := o.request()
	if err != nil {
		return nil, nil, 0, err
	}
	c, w, err := a.attach(ctx)
	if err != nil {
		return nil, nil, 0, err
	}
	id, err := o.start(ctx, c, req)
	if err != nil || id == 0 {
		w.close()
	}
	return c, w, id, err
}

func (o order) start(ctx context.Context, c ops.Console, req ops.Request) (ops.JobID, error) {
	plan, err := c.Plan(ctx, req)
	if err != nil {
		return 0, err
	}
	writePlan(o.out, plan)
	switch {
	case o.planOnly:
		return 0, nil
	case o.action == "container.shell":
		return 0, usagef("a shell is handed over by the console alone (e): here nobody would be in it")
	}
	if err := o.unanswered(plan.Ask); err != nil {
		return 0, err
	}
	if plan.Ask.Unlock {
		if plan, err = unlock(ctx, c, req, o.reason); err != nil {
			return 0, err
		}
	}
	key, exact := ops.Exact(o.key)
	if !exact {
		return 0, usagef("--key %q cannot be shown as it is: letters and digits can", o.key)
	}
	id, err := c.Start(ctx, plan.ID, ops.Confirmation{Yes: o.yes, Typed: ops.Clean(o.confirm), Reason: ops.Clean(o.reason), Key: key.Or(ops.Clean(rand.Text()))})
	if err == nil && id == 0 {
		// An action of the agent's own is done at once and is no job.
		fmt.Fprintf(o.out, "done: %s\n", plan.Title)
	}
	return id, err
}

// unanswered refuses a plan whose questions the command line leaves open, and names
// the flags that answer them. The agent asks the same of everybody.
func (o order) unanswered(ask ops.Ask) error {
	if o.answers(ask) {
		return nil
	}
	err := ops.Errorf(ops.CodeConfirm, "this was not confirmed")
	if ask.Unlock {
		err = ops.Errorf(ops.CodeLocked, "production is read-only")
	}
	switch {
	case !ask.Type.Empty():
		return err.Help("add --confirm %s --reason \"why\"", ask.Type)
	case ask.Reason:
		return err.Help("add --yes --reason \"why\": that unlocks production for this one call")
	}
	return err.Help("add --yes")
}

// request parses the command line into a request.
func (o order) request() (ops.Request, error) {
	ref, err := ops.ParseRef(o.target)
	if err != nil {
		return ops.Request{}, err
	}
	req := ops.Request{Action: ops.Clean(o.action), Target: ref}
	for _, p := range o.params {
		k, v, ok := strings.Cut(p, "=")
		if !ok {
			return req, usagef("--param %q is not key=value", p)
		}
		req.Params = append(req.Params, ops.Param{Name: ops.Clean(k), Value: ops.Clean(v)})
	}
	return req, nil
}

// answers reports whether the command line answers all that a plan asks for: only
// then is production unlocked for it.
func (o order) answers(a ops.Ask) bool {
	confirmed := o.yes || !a.Yes
	if !a.Type.Empty() {
		confirmed = ops.Clean(o.confirm) == a.Type
	}
	return confirmed && (!a.Reason || o.reason != "")
}

// unlock unlocks production for this command's own session and plans again.
func unlock(ctx context.Context, c ops.Console, req ops.Request, reason string) (ops.Plan, error) {
	p, err := c.Plan(ctx, ops.Request{Action: ops.Lit("console.unlock"), Target: ops.NewRef(ops.KindConsole, "", "this")})
	if err != nil {
		return p, err
	}
	if _, err := c.Start(ctx, p.ID, ops.Confirmation{Yes: true, Reason: ops.Clean(reason)}); err != nil {
		return p, err
	}
	return c.Plan(ctx, req)
}

func writePlan(w io.Writer, p ops.Plan) {
	fmt.Fprintf(w, "%s (%s)\n", p.Title, p.Class)
	for _, s := range p.Steps {
		fmt.Fprintf(w, "  %-5s %s\n", s.How, s.Text())
	}
	for _, n := range p.Notes {
		fmt.Fprintf(w, "  note: %s\n", n)
	}
	for _, r := range p.Replaces {
		fmt.Fprintf(w, "  replaces: %s\n", r)
	}
	for _, r := range p.Warnings {
		fmt.Fprintf(w, "  warning: %s\n", r)
	}
}

// follow prints a job's progress until it has ended, and returns its exit code:
// rewritten in place on a terminal; elsewhere a line for each stage, and now and then one.
func (o order) follow(ctx context.Context, to endpoint, c ops.Console, id ops.JobID) error {
	events, err := c.Watch(ctx)
	if err != nil {
		return err
	}
	var p pace
	for ev := range events {
		for _, j := range ev.Board.Jobs {
			if j.ID != id {
				continue
			}
			if !j.State.Ended() {
				o.progress(&p, j, time.Now())
			}
			if j.State.Ended() {
				o.progressDone()
				fmt.Fprintf(o.out, "job %d %s: %s (%s)\n", j.ID, j.State, j.Result, j.Ended.Sub(j.Started).Round(time.Millisecond))
				return jobExit(j.State)
			}
		}
	}
	o.progressDone()
	what := "the agent is gone, and with it perhaps job %d: %s\n"
	if _, far := to.(*remoteEndpoint); far {
		what = "the tunnel is gone; job %d goes on in the agent there: %s\n"
	}
	if ctx.Err() != nil {
		what = "not followed to its end; job %d goes on in the agent: %s\n"
	}
	fmt.Fprintf(o.err, what, id, to.follow(id))
	return exitError{exitUnknown}
}

func (o order) progress(p *pace, j ops.Job, now time.Time) {
	switch line := report.JobLine(j); {
	case o.tty && line != p.line:
		p.line = line
		fmt.Fprintf(o.err, "\r\x1b[K%s", line)
	case o.tty:
	case p.due(j, line, now):
		fmt.Fprintln(o.err, line)
	}
}

func (o order) progressDone() {
	if o.tty {
		fmt.Fprint(o.err, "\r\x1b[K")
	}
}

func jobExit(s ops.JobState) error {
	switch s {
	case ops.JobSucceeded:
		return nil
	case ops.JobPartial:
		return exitError{exitCritical}
	case ops.JobFailed, ops.JobCanceled:
		return exitError{exitWarning}
	}
	return exitError{exitUnknown}
}

func (a *app) actionsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "actions [TARGET]", Short: "List what can be done", Args: atMostOne,
		Example: "opsdeck actions\nopsdeck actions container:docker/web",
		RunE: func(cmd *cobra.Command, args []string) error {
			var ref ops.Ref
			if len(args) == 1 {
				var err error
				if ref, err = ops.ParseRef(args[0]); err != nil {
					return err
				}
			}
			c, w, err := a.attach(cmd.Context())
			if err != nil {
				return err
			}
			defer w.close()
			list, err := c.Actions(cmd.Context(), ref)
			if err != nil {
				return err
			}
			for _, i := range list {
				fmt.Fprintf(cmd.OutOrStdout(), "%-20s %-11s on %-10s %s\n", i.ID, i.Class, i.On, i.What)
				for _, p := range i.Params {
					fmt.Fprintf(cmd.OutOrStdout(), "    --param %s=%s  %s\n", p.Name, p.Default, p.What)
				}
				if !i.Blocked.Empty() {
					fmt.Fprintf(cmd.OutOrStdout(), "    not now: %s\n", i.Blocked)
				}
			}
			return nil
		},
	}
}
