package judge

import (
	"time"

	"opsdeck/ops"
)

// How long a posted alert lives without being told again, and how long it is told that a
// backup was made. An agent tells each minute: the alerts of a dead one end.
const (
	toldFor = 4 * time.Minute
	madeFor = time.Hour
)

// BackupAlerts are what is to be told an Alertmanager of a plan now: what is found of it,
// and the backups that were made in the last hour. known is false where the plan was not
// read yet: nothing is to be told, and nothing is over.
func BackupAlerts(e ops.Estate, b ops.Board, plan ops.BackupPlan, now time.Time) (alerts []ops.PostedAlert, known bool) {
	for _, r := range b.Backups {
		s, _ := b.Source(r.Source)
		if r.Source != plan.Name || s.State == ops.SourcePending {
			continue
		}
		known = true
		found := r.Value.Findings
		if !r.Fresh() {
			found = append([]ops.Finding{{Level: ops.LevelUnknown, Key: ops.Lit("the reading"), What: ops.Textf("%s: how its backups stand is not known", plan.Name), Cause: s.Why, Since: s.Since}}, found...)
		}
		for _, f := range found {
			if f.Level.Bad() || f.Level == ops.LevelUnknown {
				alerts = append(alerts, posted(e, plan, f, now))
			}
		}
		for _, set := range r.Value.Sets {
			if ends := set.Ended.Add(madeFor); set.Verdict.Level.Good() && r.Fresh() && ends.After(now) {
				labels := postedLabels(e, plan, ops.PostedBackup, ops.RankInfo)
				labels["repository"], labels["backup"] = set.Repository.String(), set.Label.String()
				alerts = append(alerts, ops.PostedAlert{Labels: labels, Starts: set.Ended, Ends: ends,
					Annotations: map[string]string{"summary": plan.Name.String() + ": " + set.Type.String() + " backup " + set.Label.String() + " made in " + set.Repository.String()}})
			}
		}
	}
	return alerts, known
}

// posted is the alert of a finding. Its labels have nothing that moves.
func posted(e ops.Estate, plan ops.BackupPlan, f ops.Finding, now time.Time) ops.PostedAlert {
	rank := ops.RankMedium
	if f.Level == ops.LevelCritical {
		rank = ops.RankCritical
	}
	labels := postedLabels(e, plan, ops.PostedFinding, rank)
	labels["finding"] = f.Key.String()
	return ops.PostedAlert{Labels: labels, Starts: f.Since, Ends: now.Add(toldFor),
		Annotations: map[string]string{"summary": f.What.String(), "description": f.Cause.String()}}
}

func postedLabels(e ops.Estate, plan ops.BackupPlan, name string, rank ops.Rank) map[string]string {
	labels := map[string]string{"alertname": name, ops.PostedEstate: e.Name.String(), ops.PostedPlan: plan.Name.String()}
	if word := severityOf(e, rank); word != "" {
		labels[e.SeverityLabel.String()] = word
	}
	return labels
}

// severityOf is the estate's own word for a rank, or for the next higher one that it has.
func severityOf(e ops.Estate, rank ops.Rank) string {
	for ; rank <= ops.RankCritical; rank++ {
		for _, s := range e.Ranks {
			if s.Rank == rank {
				return s.Name.String()
			}
		}
	}
	return ""
}
