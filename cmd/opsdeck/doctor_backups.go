package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"opsdeck/estate"
	"opsdeck/ops"
)

// backupSymptoms says of each backup plan as which account its engine is run, whether that
// works, and what its repositories say: an engine that answers says nothing of those.
func backupSymptoms(ctx context.Context, plans []estate.Backup, b ops.Board) []symptom {
	var out []symptom
	for _, p := range plans {
		s, _ := b.Source(p.Plan.Name)
		if p.Plan.Engine == ops.EngineBaseBackup {
			out = append(out, mayCopy(ctx, p))
			continue
		}
		out = append(out, ranAs(ctx, p, s.State == ops.SourceOK))
		for _, r := range b.Backups {
			if r.Source != p.Plan.Name || !r.Fresh() {
				continue
			}
			if !r.Value.Unseen.Empty() {
				out = append(out, symptom{ops.LevelWarning, p.Name, fmt.Sprintf("whether it is stopped, and who is at work, cannot be seen: %s", r.Value.Unseen),
					"let this account read pgBackRest's configuration and its lock-path"})
			}
			for _, repo := range r.Value.Repositories {
				if !repo.Fault.Empty() {
					out = append(out, symptom{ops.LevelCritical, p.Name, fmt.Sprintf("repository %s: %s", repo.Name, repo.Fault),
						fmt.Sprintf("compare the estate's numbers with repo%d-* of pgBackRest's configuration; where it has no stanza yet: pgbackrest --stanza=%s stanza-create", repo.Key, p.Stanza)})
				}
			}
		}
	}
	return out
}

// mayCopy says whether PostgreSQL's own tools can copy the server of a plan.
func mayCopy(ctx context.Context, p estate.Backup) symptom {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	words, err := baseBackups(&wiring{}, p).Ready(ctx)
	if err != nil {
		e := ops.AsError(err)
		return symptom{ops.LevelCritical, p.Name, e.What.String(), e.Remedy.String()}
	}
	return symptom{ops.LevelOK, p.Name, words, ""}
}

// ranAs says as which account the engine of a plan is run by this one, and whether that
// serves. By sudo it is asked whether a backup may be made, too: reading proves reading.
func ranAs(ctx context.Context, p estate.Backup, reads bool) symptom {
	account := otherAccount(p.RunAs)
	switch {
	case account == "" && os.Geteuid() == 0:
		return symptom{ops.LevelWarning, p.Name, "pgBackRest is run as root: what root writes the server's account cannot read, and from 2.59 on it refuses", "name the server's account: run_as: postgres"}
	case account == "" && reads:
		return symptom{ops.LevelOK, p.Name, fmt.Sprintf("pgBackRest is run as this account, %s; the agent has to be run as it, too: User= of its unit", me().Name), ""}
	case account == "":
		return symptom{ops.LevelWarning, p.Name, fmt.Sprintf("pgBackRest is run as this account, %s", me().Name), "where another one owns the repository, name it: run_as; or let the agent run as it: User= of its unit"}
	case !reads:
		return symptom{ops.LevelWarning, p.Name, "pgBackRest is run by sudo as " + account, "opsdeck backup sudoers prints the lines that sudo needs"}
	}
	argv := backupEngine(p, account).Argv(fmt.Sprintf("--repo=%d", p.Plan.Repositories[0].Key), "--type=full", "backup")
	if said, code, err := runToEnd(ctx, slices.Insert(argv, 1, "-l"), io.Discard); err != nil || code != 0 {
		return symptom{ops.LevelCritical, p.Name, fmt.Sprintf("sudo lets this account read as %s, and make no backup: %s", account, strings.TrimSpace(string(said))), "opsdeck backup sudoers prints the lines that sudo needs"}
	}
	return symptom{ops.LevelOK, p.Name, "sudo lets this account read and make backups as " + account, ""}
}
