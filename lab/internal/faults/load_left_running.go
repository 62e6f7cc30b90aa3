package faults

import (
	"context"
	"errors"
	"strconv"
	"syscall"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
	"opsdeck/lab/internal/stack"
)

const loadLeft = "load-left-running"

// loadLeftRunning freezes the process that makes a load on one of the lab's servers: it does
// not end when its time is over, and nothing but a stop ends its run.
func loadLeftRunning() Fault {
	ports := []string{strconv.Itoa(layout.PortPostgres)}
	for _, c := range stack.Table() {
		ports = append(ports, c.Outside)
	}
	return leavesRunning(ports)
}

// leavesRunning is that fault for loads on some ports.
func leavesRunning(ports []string) Fault {
	makers := []string{"load-child", "loans-child", "locust-child"}
	return Fault{
		Name: loadLeft,
		Line: "SIGSTOP to the process that makes a load on a server of the lab: its run goes on past its window, and ends with the lab",
		Apply: func(_ context.Context, lab Lab) error {
			if process.Load(lab.Layout.PidFile(loadLeft)).Frozen() {
				return nil
			}
			loads := process.TalksTo(makers, ports)
			if len(loads) == 0 {
				return errors.New("no load on the lab is under way: start one, as by opsdeck load run left --yes")
			}
			if err := errors.Join(loads[0].Save(lab.Layout.PidFile(loadLeft)), loads[0].Signal(syscall.SIGSTOP)); err != nil {
				return err
			}
			return guardLoad(lab)
		},
		Heal: func(_ context.Context, lab Lab) error {
			// One that was stopped is gone, and its run has ended.
			if err := process.Load(lab.Layout.PidFile(loadLeft)).Signal(syscall.SIGCONT); err != nil && !errors.Is(err, process.ErrGone) {
				return err
			}
			return unlist(lab.Layout, loadLeft)
		},
	}
}
