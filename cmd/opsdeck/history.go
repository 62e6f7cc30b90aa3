package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/estate"
	"opsdeck/ops"
	"opsdeck/store"
)

func (a *app) historyCommand() *cobra.Command {
	var since time.Duration
	var limit int
	var job uint64
	var match, ref string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "history", Short: "Print what happened, newest last", Args: none,
		Example: "opsdeck history --since 8h\nopsdeck history --job 12\nopsdeck history --match restart --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, w, err := a.attach(cmd.Context())
			if err != nil {
				return err
			}
			defer w.close()
			if job != 0 {
				return printJob(cmd.Context(), cmd.OutOrStdout(), c, ops.JobID(job))
			}
			if limit < 0 {
				return usagef("--limit %d: 0 is all of them", limit)
			}
			q := ops.Query{From: time.Now().Add(-since), Match: ops.Clean(match)}
			if ref != "" {
				if q.Ref, err = ops.ParseRef(ref); err != nil {
					return err
				}
			}
			recs, more, err := records(cmd.Context(), c, q, limit)
			if err != nil {
				return err
			}
			if to := cmd.OutOrStdout(); more {
				if asJSON {
					to = cmd.ErrOrStderr() // what is printed stays JSON
				}
				fmt.Fprintf(to, "only the newest %d: there are older ones within %s, --limit 0 prints all\n", limit, since)
			}
			return printRecords(cmd.OutOrStdout(), recs, asJSON)
		},
	}
	f := cmd.Flags()
	lengthVar(f, &since, "since", 24*time.Hour, "how far back: 8h, 2d, 1w")
	f.IntVar(&limit, "limit", 200, "at most so many records; 0: all")
	f.StringVar(&match, "match", "", "only records that hold these words")
	f.StringVar(&ref, "ref", "", "only records of this object, as kind:source/id")
	f.Uint64Var(&job, "job", 0, "print one job with its output")
	f.BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// pageMost is how many records are asked for at a time.
const pageMost = 1000

// records asks for records page by page, the newest first, until there are limit of
// them (0: all), and reports whether there are more.
func records(ctx context.Context, c ops.Console, q ops.Query, limit int) (recs []ops.Record, more bool, err error) {
	for {
		q.Limit = pageMost
		if limit > 0 {
			q.Limit = min(q.Limit, limit+1-len(recs))
		}
		page, err := c.History(ctx, q)
		if err != nil {
			return nil, false, err
		}
		recs = append(recs, page...)
		switch {
		case limit > 0 && len(recs) > limit:
			return recs[:limit], true, nil
		case len(page) < q.Limit: // the last one, or one that says how far the search came
			return recs, false, nil
		}
		q.Before = page[len(page)-1].Seq
	}
}

func printRecords(w io.Writer, recs []ops.Record, asJSON bool) error {
	enc := json.NewEncoder(w)
	for _, r := range slices.Backward(recs) {
		if asJSON {
			if err := enc.Encode(r); err != nil {
				return err
			}
			continue
		}
		what := r.What.String()
		if runbook := r.Fact(ops.FactRunbook); !runbook.Empty() {
			what += "  runbook: " + runbook.String()
		}
		if _, err := fmt.Fprintf(w, "%s  %-9s %-10s %s\n", ops.Stamp(r.At), r.Kind, r.Actor.Name.Or(ops.Lit("-")), what); err != nil {
			return err
		}
	}
	return nil
}

func printJob(ctx context.Context, w io.Writer, c ops.Console, id ops.JobID) error {
	d, err := c.Detail(ctx, ops.NewRef(ops.KindJob, "", fmt.Sprint(id)), 0)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, d.Title)
	for _, g := range d.Groups {
		for _, f := range g.Facts {
			fmt.Fprintf(w, "  %-8s %s\n", f.Name, f.Value)
		}
	}
	lines, err := c.Tail(ctx, d.Ref, ops.TailFrom{}) // all of them; the detail has the last
	if err != nil {
		return err
	}
	for l := range lines {
		fmt.Fprintln(w, l.Text)
	}
	return nil
}

func (a *app) auditCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "The chain of all operations"}
	var dir string
	verify := &cobra.Command{
		Use: "verify", Short: "Check the audit chain: any changed, missing or cut record is named", Args: none,
		Example: "opsdeck audit verify\nopsdeck audit verify --state /var/lib/opsdeck/shop",
		Long: `Check the audit chain. With an agent running it is asked; without one the file is read.
Exit code 0: whole; 2: broken; 3: could not be read.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.verifyAudit(cmd.Context(), cmd.OutOrStdout(), dir)
		},
	}
	verify.Flags().StringVar(&dir, "state", "", "read this history folder instead of asking an agent")
	cmd.AddCommand(verify)
	return cmd
}

func (a *app) verifyAudit(ctx context.Context, w io.Writer, dir string) error {
	var d ops.Detail
	var err error
	if dir == "" {
		d, err = a.askAudit(ctx)
		if ops.CodeOf(err) == ops.CodeUnavailable && len(a.on) == 0 {
			var f, _, lerr = a.load()
			if lerr != nil {
				return lerr
			}
			dir = a.historyOf(f)
		} else if err != nil {
			return err
		}
	}
	if dir != "" {
		rep, err := store.VerifyAuditFile(dir)
		if err != nil {
			explain(a.std.err, err)
			return exitError{exitUnknown}
		}
		d = reportDetail(rep)
	}
	for _, g := range d.Groups {
		for _, f := range g.Facts {
			fmt.Fprintf(w, "%-8s %s\n", f.Name, f.Value)
		}
	}
	fmt.Fprintf(w, "%s: %s\n", d.Verdict.Word, d.Verdict.Cause)
	if d.Verdict.Level != ops.LevelOK {
		return exitError{exitCritical}
	}
	return nil
}

// historyOf is the folder of the estate's history where no agent can be asked: the
// system agent's where there is one, else the user's own.
func (a *app) historyOf(f estate.File) string {
	p := places{a.env}
	if dir := p.systemState(f.Estate.Name); isDir(dir) {
		return dir
	}
	return p.personalState(f.Estate.Name)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (a *app) askAudit(ctx context.Context) (ops.Detail, error) {
	w, err := a.endpoint()
	if err != nil {
		return ops.Detail{}, err
	}
	defer w.close()
	c, _, err := w.find(ctx)
	if err != nil {
		return ops.Detail{}, err
	}
	return c.Detail(ctx, ops.Ref{Kind: ops.KindAudit}, 0)
}

// auditDetail is the verification as the port delivers it.
func auditDetail(s *store.Store) (ops.Detail, error) {
	rep, err := s.VerifyAudit()
	if err != nil {
		return ops.Detail{}, err
	}
	return reportDetail(rep), nil
}

func reportDetail(rep store.AuditReport) ops.Detail {
	facts := []ops.Fact{
		{Name: ops.Lit("entries"), Value: ops.Textf("%d", rep.Entries)},
		{Name: ops.Lit("head"), Value: rep.Head},
		{Name: ops.Lit("first"), Value: ops.Clean(ops.Stamp(rep.First))},
		{Name: ops.Lit("last"), Value: ops.Clean(ops.Stamp(rep.Last))},
	}
	for _, n := range rep.Notes {
		facts = append(facts, ops.Fact{Name: ops.Lit("note"), Value: n})
	}
	v := ops.Verdict{Level: ops.LevelOK, Word: ops.Lit("whole"), Cause: ops.Lit("every entry follows from the one before it")}
	if !rep.OK {
		v = ops.Verdict{Level: ops.LevelCritical, Word: ops.Lit("broken"), Cause: rep.Fault, Next: []ops.Next{{What: ops.Lit("compare with the head hashes in the system's journal")}}}
	}
	return ops.Detail{Ref: ops.Ref{Kind: ops.KindAudit}, Title: ops.Lit("audit chain"), Verdict: v,
		Groups: []ops.FactGroup{{Title: ops.Lit("audit"), Facts: facts}}}
}

func (a *app) probeHistoryCommand() *cobra.Command {
	return &cobra.Command{Use: probeCommand + " FILE", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if code := store.ProbeMain(args[0], cmd.OutOrStdout()); code != exitOK {
				return exitError{code}
			}
			return nil
		}}
}
