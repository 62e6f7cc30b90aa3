package drill

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// The folders that drills make, and the file by which they know them again. It names the
// process that made the folder.
const (
	folderPrefix = "drill-"
	markFile     = ".opsdeck-drill"
)

// longestSocket is what the address of a socket may have (sun_path), less the name of
// PostgreSQL's socket in it.
const longestSocket = 107 - len("/socket/.s.PGSQL.5432")

// scratch is the folder of one drill.
type scratch struct {
	dir string
	in  string // the data, where they have taken another's place; empty: they are in dir
}

func (s scratch) data() string        { return cmp.Or(s.in, filepath.Join(s.dir, "data")) }
func (s scratch) socket() string      { return filepath.Join(s.dir, "socket") }
func (s scratch) tablespaces() string { return filepath.Join(s.dir, "tablespaces") }
func (s scratch) file(name string) string {
	return filepath.Join(s.dir, name)
}

// enter makes a folder of our own below root, which nobody else may change.
func enter(root string) (scratch, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return scratch{}, ops.Errorf(ops.CodeUnavailable, "make the scratch: %v", err).Help("give the drill another folder: drill.scratch of the plan")
	}
	info, err := os.Lstat(root)
	if err != nil {
		return scratch{}, err
	}
	if !info.IsDir() || info.Mode().Perm()&0o022 != 0 {
		return scratch{}, ops.Errorf(ops.CodeDenied, "others may change the scratch %s, or it is a link", root).Help("make it a folder of the drill's account alone: chmod 700")
	}
	dir, err := os.MkdirTemp(root, folderPrefix)
	if err != nil {
		return scratch{}, ops.Errorf(ops.CodeDenied, "write to the scratch: %v", err).Help("it has to belong to the account that the drill runs as")
	}
	s := scratch{dir: dir}
	if len(dir) > longestSocket {
		return s, errors.Join(invalid("the scratch's path is %s too long for a socket", ops.Count(len(dir)-longestSocket, "character")), os.Remove(dir))
	}
	self, err := proc.Identify(os.Getpid())
	if err != nil {
		return s, errors.Join(err, os.Remove(dir))
	}
	text, err := json.Marshal(self)
	if err == nil {
		err = os.WriteFile(s.file(markFile), text, 0o600)
	}
	return s, errors.Join(err, s.furnish())
}

// furnish makes the folders that a copy needs besides its data.
func (s scratch) furnish() (err error) {
	for _, sub := range []string{s.socket(), s.tablespaces(), s.file("lock"), s.file("log")} {
		err = errors.Join(err, os.Mkdir(sub, 0o700))
	}
	return err
}

// leave ends whatever still runs within the folder, and takes it away.
func (s scratch) leave() error {
	if err := endWithin(s.dir); err != nil {
		return err
	}
	if err := os.RemoveAll(s.dir); err != nil {
		return ops.Errorf(ops.CodeInternal, "the drill's folder could not be taken away: %v", err).Help("remove it by hand: %s", s.dir)
	}
	return nil
}

// sweep takes away what drills left below root whose processes were killed. What has no
// mark of a drill is left alone.
func sweep(root string) error {
	all, err := os.ReadDir(root)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var errs []error
	for _, d := range all {
		s := scratch{dir: filepath.Join(root, d.Name())}
		if !d.IsDir() || !strings.HasPrefix(d.Name(), folderPrefix) {
			continue
		}
		text, err := os.ReadFile(s.file(markFile))
		var p ops.Process
		if err != nil || json.Unmarshal(text, &p) != nil || proc.Alive(p) {
			continue
		}
		errs = append(errs, s.leave())
	}
	return errors.Join(append(errs, err)...)
}

// How long a server has to end by itself before it is killed.
const endingTime = 20 * time.Second

// endWithin ends every process whose working directory lies in a folder: the server's and
// the engine's, which both work there.
func endWithin(dir string) error {
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		found, err := workingIn(dir)
		if err != nil || len(found) == 0 {
			return err
		}
		late := time.Since(began)
		if late > 2*endingTime {
			return ops.Errorf(ops.CodeInternal, "processes %v do not end", found).Help("end them by hand; they work in %s", dir)
		}
		for _, pid := range found {
			sig := syscall.SIGQUIT // the server's immediate shutdown: nothing of it is kept
			if late > endingTime {
				sig = syscall.SIGKILL
			}
			if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("end process %d: %w", pid, err)
			}
		}
	}
}

// workingIn lists the processes whose working directory lies in a folder.
func workingIn(dir string) ([]int, error) {
	all, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("look for processes: %w", err)
	}
	var found []int
	for _, d := range all {
		pid, err := strconv.Atoi(d.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if at, err := os.Readlink("/proc/" + d.Name() + "/cwd"); err == nil && strings.HasPrefix(at+"/", dir+"/") {
			found = append(found, pid)
		}
	}
	return found, nil
}

// Beside reports whether a scratch, or where it is to be made, lies on the file system of
// another folder. What cannot be seen does not.
func Beside(scratch, folder string) bool {
	var a, b syscall.Stat_t
	for syscall.Stat(scratch, &a) != nil && scratch != filepath.Dir(scratch) {
		scratch = filepath.Dir(scratch)
	}
	return syscall.Stat(folder, &b) == nil && a.Dev == b.Dev
}

// Need is the room that a copy of so many bytes needs: a tenth more, for the WAL on the way.
func Need(bytes int64) int64 { return bytes + bytes/10 }

// freeIn is the room in the file system of a folder.
func freeIn(dir string) (int64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("look for room: %w", err)
	}
	return int64(fs.Bavail) * int64(fs.Bsize), nil
}

// room is an error where the file system has not the bytes that a copy needs.
func room(ctx context.Context, dir string, bytes int64) error {
	free, err := freeIn(dir)
	if err != nil {
		return err
	}
	if need := Need(bytes); free < need {
		return ops.Errorf(ops.CodeUnavailable, "the scratch has room for %s, and the copy needs %s", ops.Num(float64(free)).Size(), ops.Num(float64(need)).Size()).
			Help("give the drill a folder on another file system: drill.scratch of the plan")
	}
	return ctx.Err()
}
