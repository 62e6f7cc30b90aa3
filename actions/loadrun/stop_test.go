package loadrun_test

import (
	"context"
	"strings"
	"testing"

	"opsdeck/actions/loadrun"
	"opsdeck/ops"
)

// endless is a driver whose run goes on until it is told to end. It closes begun once it has
// told of its process.
type endless struct {
	sender
	begun chan struct{}
}

func (d endless) Run(ctx context.Context, _ ops.LoadScenario, _ []ops.Step, child func(ops.Process), _ func(ops.LoadTick)) (ops.LoadRun, error) {
	child(ops.Process{PID: 4711})
	close(d.begun)
	<-ctx.Done()
	return ops.LoadRun{End: ops.LoadEndStopped, Why: ops.Clean(context.Cause(ctx).Error())}, nil
}

// by is a taker of somebody's.
type by struct{ *taker }

func (by) Actor() ops.Actor { return ops.Actor{Name: ops.Lit("ana")} }

// A run says that it has ended; a stop looks at the process besides.
func TestAStopIsNoSuccessWhileTheProcessRuns(t *testing.T) {
	for alive, want := range map[bool]ops.JobState{false: ops.JobSucceeded, true: ops.JobFailed} {
		s := ops.LoadScenario{Name: ops.Lit("back"), Driver: ops.DriverHTTP, Target: ops.Lit("api")}
		d, asked := endless{begun: make(chan struct{})}, ops.Process{}
		all := loadrun.New(ops.Estate{Environment: ops.Development, Loads: []ops.LoadScenario{s}}, map[ops.LoadDriver]loadrun.Driver{ops.DriverHTTP: d},
			func(p ops.Process) bool { asked = p; return alive }, func() []ops.Action { return nil }, loadrun.ThisMachine())
		ended := make(chan error, 1)
		p, err := all[0].Plan(t.Context(), ops.Board{}, request)
		if err != nil {
			t.Fatal(err)
		}
		p.Request = request // as the engine has it
		go func() {
			_, err := all[0].Run(t.Context(), p, by{&taker{}})
			ended <- err
		}()
		select {
		case <-d.begun:
		case err := <-ended:
			t.Fatalf("it ended before it began: %v", err)
		}
		stop, err := all[1].Plan(t.Context(), ops.Board{Loading: []ops.LoadLive{{Job: 7, Scenario: s}}}, request)
		if err != nil {
			t.Fatal(err)
		}
		got, err := all[1].Run(t.Context(), stop, by{&taker{}})
		if err != nil || got.State != want || asked.PID != 4711 || alive != strings.Contains(got.What.String(), "process 4711") {
			t.Errorf("alive %v: %v, %s: %s", alive, err, got.State, got.What)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
