package faults

import (
	"context"
	"errors"
	"syscall"

	"opsdeck/lab/internal/process"
	"opsdeck/lab/internal/servers"
)

// prometheusFrozen stops the host's Prometheus without ending it: connections
// are accepted by the kernel and never answered.
func prometheusFrozen() Fault {
	return Fault{
		Name: "prometheus-frozen",
		Line: "SIGSTOP to the host's Prometheus: it accepts connections and never answers",
		Apply: func(_ context.Context, lab Lab) error {
			return signal(lab, "prometheus", syscall.SIGSTOP)
		},
		Heal: func(_ context.Context, lab Lab) error {
			return signal(lab, "prometheus", syscall.SIGCONT)
		},
	}
}

func signal(lab Lab, server string, sig syscall.Signal) error {
	id, err := servers.Find(lab.Layout, server)
	if err != nil {
		return err
	}
	if err := id.Signal(sig); errors.Is(err, process.ErrGone) {
		return errors.New(server + " ended meanwhile: `lab up` starts it")
	} else if err != nil {
		return err
	}
	return nil
}
