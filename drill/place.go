package drill

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// Place looks whether a copy of so many bytes may be made in a folder, with its server on a
// port, and says how much room there is. It makes nothing.
func Place(to string, port int, bytes int64) (free int64, err error) {
	if err := empty(to); err != nil {
		return 0, err
	}
	if over := len(to) - longestSocket; over > 0 {
		return 0, invalid("the path of %s is %s too long for the server's socket", to, ops.Count(over, "character"))
	}
	above := to
	for !exists(above) && above != "/" {
		above = filepath.Dir(above)
	}
	free, err = freeIn(above)
	if need := Need(bytes); err == nil && free < need {
		return free, ops.Errorf(ops.CodeUnavailable, "there is room for %s in %s, and the copy needs %s", ops.Num(float64(free)).Size(), above, ops.Num(float64(need)).Size()).
			Help("name a folder on another file system")
	}
	if err != nil || port == 0 {
		return free, err
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return free, notListening(port, err)
	}
	return free, l.Close()
}

// empty is an error where a folder is there and holds something.
func empty(to string) error {
	info, err := os.Lstat(to)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil && !info.IsDir() {
		return ops.Errorf(ops.CodeInvalid, "%s is no folder", to).Help("name one that is not there yet")
	}
	all, err := os.ReadDir(to)
	switch {
	case err != nil:
		return ops.Errorf(ops.CodeDenied, "what is in %s cannot be seen: %v", to, err).Help("name a folder that is not there yet, where the engine's account may make it")
	case len(all) == 0:
		return nil
	}
	for _, pid := range []string{filepath.Join(to, "postmaster.pid"), filepath.Join(to, "data", "postmaster.pid")} {
		if exists(pid) {
			return ops.Errorf(ops.CodeHeld, "a server runs in %s, or has not ended well: there is %s", to, pid).Help("name another folder: nothing is ever restored over a server")
		}
	}
	if exists(filepath.Join(to, copyMark)) {
		return ops.Errorf(ops.CodeInvalid, "%s holds an earlier restore of ours", to).Help("name another folder, or take that one away when nobody needs it: end its server, then %s", ops.ShellLine("rm", "-r", to))
	}
	return ops.Errorf(ops.CodeInvalid, "%s is not empty: %s is in it", to, ops.Clean(all[0].Name())).Help("name a folder that is not there yet, or an empty one: nothing is restored over files")
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// claim makes the folder of a restore, or takes an empty one, and marks it.
func claim(to string) (scratch, error) {
	s := scratch{dir: to}
	if err := os.Mkdir(to, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return s, ops.Errorf(ops.CodeDenied, "make %s: %v", to, err).Help("make the folder above it, and let the engine's account write there")
	}
	if err := os.Chmod(to, 0o700); err != nil {
		return s, ops.Errorf(ops.CodeDenied, "%s is not ours: %v", to, err).Help("it has to belong to the account that the engine runs as")
	}
	self, err := proc.Identify(os.Getpid())
	if err != nil {
		return s, err
	}
	text, err := json.Marshal(self)
	if err != nil {
		return s, err
	}
	mark, err := os.OpenFile(s.file(copyMark), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return s, notMarked(to, err)
	}
	_, err = mark.Write(text)
	return s, errors.Join(err, mark.Close(), s.furnish())
}

// notMarked is the error of a mark that could not be made: only one that is there is somebody's.
func notMarked(to string, err error) error {
	if errors.Is(err, os.ErrExist) {
		return ops.Errorf(ops.CodeHeld, "mark %s as ours: %v", to, err).Help("another restore may have begun there")
	}
	return ops.Errorf(ops.CodeDenied, "mark %s as ours: %v", to, err).Help(mayNot)
}

// notListening is the error of a port that cannot be had.
func notListening(port int, err error) error {
	const other = "name another port, or none: then it is reached by its socket"
	if errors.Is(err, syscall.EADDRINUSE) {
		return ops.Errorf(ops.CodeHeld, "port %d is taken on 127.0.0.1: %v", port, err).Help(other)
	}
	return ops.Errorf(ops.CodeUnavailable, "port %d cannot be had on 127.0.0.1: %v", port, err).Help(other)
}
