package daemon

import (
	"os"
	"testing"

	"opsdeck/agent"
	"opsdeck/ops"
)

func TestRolesComeFromGrantsAndTheKernel(t *testing.T) {
	me := uint32(os.Getuid())
	open := identify(ops.Access{}, me, true)
	if got := open(agent.Peer{UID: me}, ops.Text{}); got.Role != ops.RoleAdmin {
		t.Errorf("the owner of a personal agent is %s", got.Role)
	}
	if got := open(agent.Peer{UID: 54321}, ops.Text{}); got.Role != ops.RoleViewer || got.Name.String() != "54321" {
		t.Errorf("a stranger is %+v", got)
	}
	named := identify(ops.Access{Grants: []ops.Grant{{User: open(agent.Peer{UID: me}, ops.Text{}).Name, Role: ops.RoleViewer}}}, me, true)
	if got := named(agent.Peer{UID: me}, ops.Text{}); got.Role != ops.RoleViewer {
		t.Errorf("a grant that names the owner makes them %s", got.Role)
	}
	if got := identify(ops.Access{Default: ops.RoleOperator}, 0, false)(agent.Peer{UID: 54321}, ops.Text{}); got.Role != ops.RoleOperator {
		t.Errorf("the default is %s", got.Role)
	}
}

func TestAKeyCountsOnlyForASharedAccount(t *testing.T) {
	me := uint32(os.Getuid())
	mine := identify(ops.Access{}, me, true)(agent.Peer{UID: me}, ops.Text{}).Name
	grants := []ops.Grant{{Key: ops.Lit("ana"), Role: ops.RoleOperator}}
	alone := identify(ops.Access{Grants: grants}, me, true)
	if got := alone(agent.Peer{UID: me}, ops.Lit("ana")); got.Name != mine || got.Role != ops.RoleAdmin {
		t.Errorf("a key's name without the estate's word makes %+v", got)
	}
	shared := identify(ops.Access{Grants: grants, Shared: []ops.Text{mine}}, me, true)
	for key, want := range map[string]ops.Actor{
		"ana": {Name: ops.Clean(mine.String() + "/ana"), UID: int(me), Role: ops.RoleOperator},
		"ben": {Name: ops.Clean(mine.String() + "/ben"), UID: int(me), Role: ops.RoleViewer},
		"":    {Name: mine, UID: int(me), Role: ops.RoleViewer},
	} {
		if got := shared(agent.Peer{UID: me}, ops.Clean(key)); got != want {
			t.Errorf("key %q: %+v", key, got)
		}
	}
}
