package terminal

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openPTY returns the two ends of a new pseudo-terminal of a given size.
func openPTY(cols, rows int) (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open a pseudo-terminal: %w", err)
	}
	number, err := unlock(master, cols, rows)
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		_ = master.Close()
		return nil, nil, fmt.Errorf("set a pseudo-terminal up: %w", err)
	}
	return master, slave, nil
}

// unlock lets the other end be opened, sets the size and returns its number. It
// goes through SyscallConn, because Fd would take the file off the poller, and a
// read could then not be ended by closing.
func unlock(master *os.File, cols, rows int) (number int, err error) {
	raw, err := master.SyscallConn()
	if err != nil {
		return 0, err
	}
	cerr := raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err != nil {
			return
		}
		if number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN); err != nil {
			return
		}
		err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(cols), Row: uint16(rows)})
	})
	if err == nil {
		err = cerr
	}
	return number, err
}
