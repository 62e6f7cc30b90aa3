package process

import (
	"errors"
	"syscall"
)

// Family is the process and its children, as they are now. PostgreSQL's
// children lead sessions of their own, so only their parent tells them.
func (id Identity) Family() []Identity {
	family := []Identity{id}
	for _, pid := range pids() {
		st, err := readStat(pid)
		if err != nil || st.parent != id.PID {
			continue
		}
		if child, err := Of(pid); err == nil {
			family = append(family, child)
		}
	}
	return family
}

// Freeze stops the process, then its children: it cannot make new ones then.
func (id Identity) Freeze() error { return id.signalFamily(syscall.SIGSTOP) }

// Continue lets a frozen process and its children go on.
func (id Identity) Continue() error { return id.signalFamily(syscall.SIGCONT) }

// signalFamily fails only for the process itself; children come and go.
func (id Identity) signalFamily(sig syscall.Signal) error {
	if err := id.Signal(sig); err != nil {
		return err
	}
	for _, child := range id.Family()[1:] {
		if err := child.Signal(sig); err != nil && !errors.Is(err, ErrGone) {
			return err
		}
	}
	return nil
}
