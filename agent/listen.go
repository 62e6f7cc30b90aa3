package agent

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"opsdeck/ops"
)

// MaxSocket is how many bytes a unix socket's path may have.
const MaxSocket = 107

// Listen opens the socket. One that nobody answers on is replaced; one that
// somebody answers on is left alone, and the error says who.
func Listen(path string, mode os.FileMode) (net.Listener, error) {
	dir := os.FileMode(0o700)
	if mode&0o070 != 0 {
		dir = 0o755 // a group that may use the socket has to reach it
	}
	if len(path) > MaxSocket {
		return nil, ops.Errorf(ops.CodeInvalid, "the socket's path is %d bytes long, and a unix socket takes %d: %s", len(path), MaxSocket, path).Help("name a shorter one with --socket")
	}
	if err := os.MkdirAll(filepath.Dir(path), dir); err != nil {
		return nil, ops.Errorf(ops.CodeUnavailable, "make the folder of the socket: %v", err).Help("let this user write there, or name another path with --socket")
	}
	if err := clearStale(path); err != nil {
		return nil, err
	}
	// The socket must not be open to others even for the moment before chmod.
	var l net.Listener
	var err error
	closed(func() { l, err = net.Listen("unix", path) })
	if errors.Is(err, syscall.EACCES) {
		return nil, others(filepath.Dir(path), "the folder of the socket", ownerOf)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	if err := os.Chmod(path, mode); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	release, _, _ := Claim(path) // without it another account is told who, and not the pid
	return named{l, release}, nil
}

// named is a socket with a name that tells agents of other accounts who holds it: the socket
// itself does not let them ask.
type named struct {
	net.Listener
	release func()
}

func (n named) Close() error {
	n.release()
	return n.Listener.Close()
}

// others is the error where a socket or its folder is another account's. owner says whose.
func others(path, what string, owner func(string) string) error {
	holder := "account " + owner(path)
	release, other, err := Claim(path)
	release()
	if err == nil && other != nil {
		holder = fmt.Sprintf("an agent of %s (pid %d)", holder, other.PID)
	}
	return ops.Errorf(ops.CodeHeld, "%s holds %s, %s", holder, what, path).
		Help("use that agent, or stop it; to run another one beside it, name another path with --socket and another folder with --state")
}

// ownerOf is the account that a file belongs to.
func ownerOf(path string) string {
	st, err := os.Lstat(path)
	if err != nil {
		return "not known"
	}
	s, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return "not known"
	}
	return accountOf(s.Uid)
}

// accountOf names an account, with its number.
func accountOf(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username + " (uid " + id + ")"
	}
	return "uid " + id
}

func clearStale(path string) error {
	switch st, err := os.Lstat(path); {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err == nil && st.Mode().Type() != os.ModeSocket: // nobody answers there either
		return ops.Errorf(ops.CodeInvalid, "%s is there and is no socket", path).Help("name another path with --socket, or move it away")
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		defer c.Close()
		p, _ := peerOf(c)
		return ops.Errorf(ops.CodeHeld, "an agent of account %s (pid %d) already answers on %s", accountOf(p.UID), p.PID, path).
			Help("use it, or stop it with opsdeck agent stop")
	}
	if errors.Is(err, syscall.EACCES) {
		return others(path, "the socket", ownerOf)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("look at the old socket: %w", err)
	}
	if err := os.Remove(path); errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) {
		return others(path, "the socket", ownerOf)
	} else if err != nil {
		return err
	}
	return nil
}

// Claim tells other agents of this machine that one looks after the estate: an
// abstract socket, which the kernel frees with the process. When another holds
// it, Claim returns who, and nil to close.
func Claim(estate string) (release func(), other *Peer, err error) {
	name := "@opsdeck/" + estate
	l, err := net.Listen("unix", name)
	if err == nil {
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_ = c.Close()
			}
		}()
		return func() { _ = l.Close() }, nil, nil
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return func() {}, nil, err
	}
	c, err := net.DialTimeout("unix", name, time.Second)
	if err != nil {
		return func() {}, nil, err
	}
	defer c.Close()
	p, err := peerOf(c)
	return func() {}, &p, err
}
