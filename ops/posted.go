package ops

import "time"

// PostedAlert is an alert that opsdeck itself tells an Alertmanager of.
type PostedAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Starts      time.Time         `json:"startsAt,omitzero"` // zero: when it is told first
	Ends        time.Time         `json:"endsAt"`            // it is over then unless it is told again
}

// Names and labels of the alerts that opsdeck posts.
const (
	PostedFinding = "OpsdeckBackups"    // a finding of a backup plan
	PostedBackup  = "OpsdeckBackupMade" // a backup was made
	PostedEstate  = "opsdeck_estate"    // the label with the estate's name
	PostedPlan    = "plan"
)

// OwnPlan is the backup plan that an alert is of, where this estate's agent posted it of a
// finding. estate is the estate's name.
func (a *Alert) OwnPlan(estate Text) (plan Ref, ours bool) {
	name := a.posted(estate)
	if a.Name.String() != PostedFinding || name.Empty() {
		return Ref{}, false
	}
	return NewRef(KindBackups, name.String(), name.String()), true
}

// TellsOfBackup reports whether this estate's agent posted it of a backup that was made:
// it asks for nothing.
func (a *Alert) TellsOfBackup(estate Text) bool {
	return a.Name.String() == PostedBackup && !a.posted(estate).Empty()
}

// posted is the plan of an alert that names this estate as who posted it.
func (a *Alert) posted(estate Text) (plan Text) {
	ours := false
	for _, l := range a.Labels {
		ours = ours || l.Name.String() == PostedEstate && l.Value == estate
		if l.Name.String() == PostedPlan {
			plan = l.Value
		}
	}
	if !ours {
		return Text{}
	}
	return plan
}
