package judge

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// TestOpsdecksOwnSessionsAreInNoSum: whoever reads these findings can do nothing about
// what reads the server for them.
func TestOpsdecksOwnSessionsAreInNoSum(t *testing.T) {
	for name, state := range map[string]ops.SessionState{
		"a long transaction": ops.SessionActive, "idle in a transaction": ops.SessionIdleInTx, "in one that has failed": ops.SessionAborted,
	} {
		theirs, ours := session(1, "etl", state, 2*time.Hour), session(2, "opsdeck", state, 3*time.Hour)
		ours.Own = true
		alone := Database(dbEstate(), ops.Database{Sessions: []ops.Session{ours}}, now)
		if len(alone.Findings) != 0 || alone.Sessions[0].Verdict.Level != ops.LevelOK || alone.Levels.Idle != ops.LevelOK {
			t.Errorf("%s: %+v %+v", name, alone.Findings, alone.Sessions[0].Verdict)
		}
		both := Database(dbEstate(), ops.Database{Sessions: []ops.Session{ours, theirs}}, now)
		if len(both.Findings) != 1 || both.Findings[0].Ref != theirs.Ref || both.Findings[0].What.String()[:2] != "1 " {
			t.Errorf("%s: %+v", name, both.Findings)
		}
	}
}

// TestWhoHasTheConnectionsIsSaidAlsoOfOpsdeck: it is true, and its idle sessions are not
// to be ended from here.
func TestWhoHasTheConnectionsIsSaidAlsoOfOpsdeck(t *testing.T) {
	by := ops.UsedBy{App: ops.Lit("opsdeck"), State: ops.SessionIdle, Count: 60, Own: true}
	d := Database(dbEstate(), ops.Database{Use: ops.Use{Used: 98, Max: 100, Reserved: 3, By: []ops.UsedBy{by}}}, now)
	f := d.Findings[0]
	if f.What.String() != "connections exhausted 98/100" || !strings.HasPrefix(f.Cause.String(), "60 idle from opsdeck; new logins") || len(f.Next) != 1 || !f.Next[0].Action.Empty() || f.Next[0].What.String() != "end the opsdeck agents that nobody needs" {
		t.Errorf("%s: %+v", f.What, f.Next)
	}
}
