package backup

import (
	"testing"
	"time"

	"opsdeck/ops"
)

// TestWhoMayRestoreAndFailOver: an operator tries restores and makes copies beside, an admin
// replaces and promotes, a viewer nothing.
func TestWhoMayRestoreAndFailOver(t *testing.T) {
	restore := NewRestore(nil, ops.BackupPlan{}, nil, nil, nil, time.Now)
	for want, actions := range map[ops.Role][]ops.Action{
		ops.RoleOperator: {NewDrill(nil, ops.BackupPlan{}, Tries{}, time.Now), restore},
		ops.RoleAdmin:    {restore.InPlace(nil), NewFailover(nil, ops.BackupPlan{}, nil, nil, time.Now)},
	} {
		for _, a := range actions {
			info := a.Describe()
			if needs := max(info.Class.Needs(), info.Needs); needs != want || needs == ops.RoleViewer {
				t.Errorf("%s wants %s, and is to want %s", info.ID, needs, want)
			}
		}
	}
}
