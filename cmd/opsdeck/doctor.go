package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/estate"
	"opsdeck/ops"
)

// symptom is one line of the doctor: how it is, what was looked at, what was
// found, and the remedy.
type symptom struct {
	level        ops.Level
	what, detail string
	remedy       string
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Look at opsdeck itself: estate, agent, sources, history, terminal", Args: none,
		Long:    "Look at everything opsdeck depends on, and say what to do about what is wrong.\nExit code 0: well; 1: worth a look; 2: broken.",
		Example: "opsdeck doctor\nopsdeck doctor --estate ./estate.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			worst := ops.LevelOK
			for _, s := range a.examine(cmd.Context()) {
				writeSymptom(cmd.OutOrStdout(), s)
				if s.level.Worse(worst) {
					worst = s.level
				}
			}
			switch worst {
			case ops.LevelCritical, ops.LevelUnknown:
				return exitError{exitCritical}
			case ops.LevelWarning:
				return exitError{exitWarning}
			}
			return nil
		},
	}
}

func writeSymptom(w io.Writer, s symptom) {
	fmt.Fprintf(w, "%-8s %-12s %s\n", s.level, s.what, ops.Clean(s.detail))
	if s.remedy != "" {
		fmt.Fprintf(w, "%-21s -> %s\n", "", ops.Clean(s.remedy))
	}
}

func (a *app) examine(ctx context.Context) []symptom {
	out := []symptom{{ops.LevelOK, "version", versionLine(), ""}, a.terminal(), examineJournal()}
	given := a.lookup(a.given()).given
	if given == "" {
		e := ops.AsError(noEstate())
		return append(out, symptom{ops.LevelCritical, "estate", e.What.String(), e.Remedy.String()})
	}
	f, err := estate.Usable(given, a.env)
	if err != nil {
		return append(out, symptom{ops.LevelCritical, "estate", err.Error(), "opsdeck config check " + given})
	}
	out = append(out, symptom{ops.LevelOK, "estate", fmt.Sprintf("%s from %s", f.Estate.Name, strings.Join(f.Paths, ", ")), ""})
	out = append(out, a.examineAgent(ctx, f, given)...)
	return append(out, examineSources(ctx, f)...)
}

// examineJournal looks for the second home of the audit's head hash.
func examineJournal() symptom {
	if journalHere() == nil {
		return symptom{ops.LevelInfo, "journal", "neither journald nor syslog here: the audit's head hash has no second home, and on a full disk nothing is started",
			"run journald or syslog on the host of the agent"}
	}
	return symptom{ops.LevelOK, "journal", "the audit's head hash is kept in the system's journal too", ""}
}

// examineAgent looks for a running agent, and never starts one.
func (a *app) examineAgent(ctx context.Context, f estate.File, given string) []symptom {
	c, h, err := a.localTo(f, given).find(ctx)
	if ops.CodeOf(err) == ops.CodeUnavailable {
		return []symptom{{ops.LevelInfo, "agent", "none runs: no history, no jobs", "opening the console starts a personal one; production wants the systemd unit (opsdeck agent unit)"}}
	}
	if err != nil {
		e := ops.AsError(err)
		return []symptom{{ops.LevelCritical, "agent", e.What.String(), e.Remedy.String()}}
	}
	out := []symptom{{ops.LevelOK, "agent", fmt.Sprintf("%s, pid %d, version %s", h.Kind, h.PID, h.Version), ""}}
	if h.Hash != estate.Hash(f) {
		out = append(out, symptom{ops.LevelWarning, "agent", "runs another version of the estate file", "opsdeck agent stop, then start it again"})
	}
	b, err := c.Board(ctx)
	if err != nil {
		return append(out, symptom{ops.LevelCritical, "agent", err.Error(), "opsdeck agent stop --force"})
	}
	if !b.Estate.Agent.History.Empty() {
		out = append(out, symptom{ops.LevelCritical, "history", b.Estate.Agent.History.String(), "free space or fix the folder's permissions"})
	}
	for _, w := range b.Estate.Agent.Warnings {
		out = append(out, symptom{ops.LevelInfo, "agent", w.String(), ""})
	}
	for _, p := range f.Backups { // it may run as another account than this one
		if s, ok := b.Source(p.Plan.Name); ok && s.State != ops.SourceOK {
			out = append(out, symptom{ops.LevelCritical, p.Name, fmt.Sprintf("the agent cannot read it: %s: %s", s.State, s.Why), remedyFor(s)})
		}
	}
	return out
}

// examineSources asks every source from this process, as this user.
func examineSources(ctx context.Context, f estate.File) []symptom {
	c, stop := local(ctx, f)
	defer stop()
	b, err := round(ctx, c, longestTimeout(f))
	if err != nil {
		return []symptom{{ops.LevelCritical, "sources", err.Error(), ""}}
	}
	return append(sourceSymptoms(b), backupSymptoms(ctx, f.Backups, b)...)
}

// sourceSymptoms says how each source answered, and what of it the login may not see.
func sourceSymptoms(b ops.Board) []symptom {
	var out []symptom
	for _, s := range b.Sources {
		sym := symptom{ops.LevelOK, s.Name.String(), fmt.Sprintf("%s %s answered in %s", s.Kind, s.Version, s.Took.Round(time.Millisecond)), ""}
		if s.State != ops.SourceOK {
			sym = symptom{ops.LevelCritical, s.Name.String(), fmt.Sprintf("%s: %s", s.State, s.Why), remedyFor(s)}
		}
		out = append(out, sym)
		for _, n := range s.Notes {
			out = append(out, symptom{ops.LevelWarning, s.Name.String(), n.String(), "it answers all the same: see it in the console, and in its own log"})
		}
		for _, r := range b.Databases {
			if r.Source != s.Name || s.State != ops.SourceOK || len(r.Value.Missing) == 0 {
				continue
			}
			m := r.Value.Missing[0]
			out = append(out, symptom{ops.LevelWarning, s.Name.String(), fmt.Sprintf("not everything can be read (%d): %s: %s", len(r.Value.Missing), m.What, m.Why),
				fmt.Sprintf("GRANT pg_monitor TO %s, or the right that is named; the guide has the whole login", r.Value.Login)})
		}
	}
	return out
}

func remedyFor(s ops.Source) string {
	switch {
	case !s.Remedy.Empty(): // whoever made the error knows more than the state tells
		return s.Remedy.String()
	case s.State == ops.SourceDenied && s.Kind == ops.SourceDocker:
		return "add this user to the group the socket belongs to (usually docker), then log in again"
	case s.State == ops.SourceRefused:
		return "is it running, and is its address right in the estate?"
	case s.State == ops.SourceSilent:
		return "the process hangs or packets are dropped on the way"
	case s.State == ops.SourceDenied:
		return "give the login of the estate the right, or give the estate another login"
	}
	return "look at its own log, and at its address in the estate"
}

// terminal says what the console will make of this terminal.
func (a *app) terminal() symptom {
	p := places{a.env}
	detail := fmt.Sprintf("TERM=%s COLORTERM=%s LANG=%s", p.get("TERM"), p.get("COLORTERM"), cmp.Or(p.get("LC_ALL"), p.get("LC_CTYPE"), p.get("LANG"), "C"))
	if fi, err := os.Stdout.Stat(); err != nil || fi.Mode()&os.ModeCharDevice == 0 {
		return symptom{ops.LevelInfo, "terminal", detail + ", standard output is no terminal", "the console prints a snapshot here"}
	}
	if t := p.get("TERM"); t == "" || t == "dumb" {
		return symptom{ops.LevelInfo, "terminal", detail, "the console prints a snapshot on a dumb terminal"}
	}
	return symptom{ops.LevelOK, "terminal", detail, ""}
}
