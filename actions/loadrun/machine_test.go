package loadrun_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"opsdeck/actions/loadrun"
	"opsdeck/ops"
)

// sent is a driver whose load goes to one server, from this machine or from another.
type sent struct{ to, from string }

func (d sent) Plan(context.Context, ops.LoadScenario) (ops.LoadPlan, error) {
	return ops.LoadPlan{Hosts: []string{d.to, "10.9.9.9:80"}}, nil
}

func (sent) Run(_ context.Context, _ ops.LoadScenario, _ []ops.Step, _ func(ops.Process), each func(ops.LoadTick)) (ops.LoadRun, error) {
	each(ops.LoadTick{Second: ops.LoadPoint{At: time.Second}})
	return ops.LoadRun{End: ops.LoadEndPlanned}, nil
}

func (d sent) From(ops.LoadScenario) string { return d.from }

// told keeps the health of a tick.
type told struct {
	*taker
	tick ops.LoadHealth
}

func (k *told) LoadTick(t ops.LoadTick) ops.Text { k.tick = t.Health; return ops.Text{} }

func TestATargetOnTheMachineThatSendsIsSaidAndKept(t *testing.T) {
	machine := loadrun.Machine{
		Addresses: func() ([]net.Addr, error) {
			return []net.Addr{&net.IPNet{IP: net.ParseIP("127.0.0.1"), Mask: net.CIDRMask(8, 32)}, &net.IPNet{IP: net.ParseIP("10.0.0.4"), Mask: net.CIDRMask(24, 32)}, &net.IPNet{IP: net.ParseIP("fe80::4"), Mask: net.CIDRMask(64, 128)}}, nil
		},
		Lookup: func(_ context.Context, name string) ([]string, error) {
			found, ok := map[string][]string{"localhost": {"::1"}, "this.example": {"10.0.0.4"}, "both.example": {"10.0.0.9", "10.0.0.4"}, "other.example": {"10.0.0.9"}}[name]
			if !ok {
				return nil, errors.New("no such host")
			}
			return found, nil
		},
	}
	for name, c := range map[string]struct {
		to, from string
		same     bool
	}{
		"loopback":                         {to: "127.0.0.1:8000", same: true},
		"any address":                      {to: "0.0.0.0:8000", same: true},
		"a name of loopback":               {to: "localhost:8000", same: true},
		"an own address":                   {to: "10.0.0.4:8000", same: true},
		"an own address by interface":      {to: "[fe80::4%eth0]:8000", same: true},
		"an own address in six":            {to: "[::ffff:10.0.0.4]:8000", same: true},
		"a name of an own address":         {to: "this.example:8000", same: true},
		"a name of several machines":       {to: "both.example:8000", same: true},
		"a socket":                         {to: "/var/run/postgresql:5432", same: true},
		"another in the same net":          {to: "10.0.0.9:8000"},
		"a name of another":                {to: "other.example:8000"},
		"a name that nobody knows":         {to: "gone.example:8000"},
		"sent from elsewhere, to here":     {to: "10.0.0.4:8000", from: "10.0.0.9:8089"},
		"sent from elsewhere, to there":    {to: "10.0.0.9:8000", from: "other.example:8089", same: true},
		"sent from elsewhere, to loopback": {to: "127.0.0.1:8000", from: "10.0.0.9:8089", same: true},
		"sent from here after all":         {to: "10.0.0.4:8000", from: "localhost:8089", same: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := ops.LoadScenario{Name: ops.Lit("back"), Driver: ops.DriverHTTP, Target: ops.Lit("api"), Limits: []ops.LoadLimit{{Metric: ops.MetricErrors, Limit: 0.01}}}
			a := loadrun.New(ops.Estate{Environment: ops.Development, Loads: []ops.LoadScenario{s}}, map[ops.LoadDriver]loadrun.Driver{ops.DriverHTTP: sent{c.to, c.from}},
				func(ops.Process) bool { return false }, func() []ops.Action { return nil }, machine)[0]
			p, err := a.Plan(t.Context(), ops.Board{}, request)
			if err != nil {
				t.Fatal(err)
			}
			if warned := strings.Contains(ops.Join("\n", p.Warnings), c.to+" is on the machine that sends"); warned != c.same || strings.Contains(ops.Join("\n", p.Warnings), "10.9.9.9") {
				t.Errorf("the plan warns: %v", p.Warnings)
			}
			p.Request = request
			k := &told{taker: &taker{}}
			if _, err := a.Run(t.Context(), p, k); err != nil {
				t.Fatal(err)
			}
			for when, h := range map[string]ops.LoadHealth{"a second": k.tick, "the run": k.run.Health} {
				if got := ops.Join(",", h.SameHost); (got == c.to) != c.same || !c.same && got != "" {
					t.Errorf("%s tells of %q", when, got)
				}
			}
		})
	}
}
