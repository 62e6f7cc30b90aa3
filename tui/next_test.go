package tui

import (
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// Every key a judgement leads to is in the key map under the same name.
func TestKeysOfWhatToDoNextAreNamesOfBindings(t *testing.T) {
	m, _ := keys.New(nil, nil)
	k := ops.KeyNone + 1
	for ; k.String() != ops.KeyNone.String(); k++ {
		if _, ok := m.Named(k.String()); !ok {
			t.Errorf("no binding is called %s", k)
		}
	}
	if k <= ops.KeyAck {
		t.Errorf("only %d keys were asked", k)
	}
}

func TestWhatToDoNextNamesTheUsersOwnKey(t *testing.T) {
	m, fault := keys.New(nil, keys.Config{"actions": {"f2"}})
	if fault != "" {
		t.Fatal(fault)
	}
	stop := ops.Next{What: ops.Lit("stop it"), Key: ops.KeyActions}
	if got := (screen.Picture{Keys: m}).Spoken(stop); got != "stop it (f2)" {
		t.Errorf("%q", got)
	}
	if got := (screen.Picture{Keys: m}).Spoken(ops.Next{What: ops.Lit("wait")}); got != "wait" {
		t.Errorf("without a key: %q", got)
	}
	for _, to := range [][]string{nil, {"3", "down"}, {"3", "down", "enter"}} { // the Overview, a list, what is opened
		for want, user := range map[string]keys.Config{"(x)": nil, "(f2)": {"actions": {"f2"}}} {
			r := newRigWith(panes(), fixture.Failing(), "none", user)
			r.send(size(200, 60))
			r.press(to...)
			r.wants(t, want)
			if user != nil {
				r.lacks(t, "(x)")
			}
		}
	}
}
