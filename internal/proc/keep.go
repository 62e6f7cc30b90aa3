package proc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"opsdeck/internal/ownfile"
)

// A job's child has to outlive the agent, and how it ended has to be known to the
// next one. So a small process of its own keeps it: the keeper reads the child's
// outputs, writes them to files, and puts the child's end beside them. The child
// could write to the files itself; then nothing would hold it to a size but looking
// now and then, a full disk would be its error, and a limit of the system's
// (RLIMIT_FSIZE) would kill it. The keeper swallows what has no room.
const (
	outName = "out"
	errName = "err"
	endName = "end"

	keptMost = 32 << 20 // bytes of each output, where nothing else is said
	lastMost = 64 << 10 // bytes of its end that are kept besides
)

// End is how a kept child ended.
type End struct {
	Code   int            `json:"code"` // exit code; -1: a signal ended it, or it never ran
	Signal syscall.Signal `json:"signal,omitempty"`
	At     time.Time      `json:"at"`
	Why    string         `json:"why,omitempty"` // it could not be started, or not be waited for
}

// Keep is the whole of a keeper process: args are what Start put behind the keeper's
// own words. It waits for a line on in, which says that the job's process is written
// down and which values are secret, and starts nothing where in ends before: then the
// agent is gone already.
func Keep(args []string, in io.Reader) error {
	if len(args) < 3 {
		return errors.New("a keeper needs a folder, a size and a command")
	}
	dir, argv := args[0], args[2:]
	most, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	// The signals that end the child come to the whole group. The keeper takes them
	// and goes on: it has the child's end to write.
	taken := make(chan os.Signal, 1)
	signal.Notify(taken, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	secrets, err := told(in)
	if err != nil {
		return fmt.Errorf("the agent is gone, nothing was started: %w", err)
	}
	select {
	case s := <-taken:
		return writeEnd(dir, End{Code: -1, At: time.Now().UTC(), Why: "not started: " + s.String()})
	default:
	}
	out, err := newMasked(filepath.Join(dir, outName), most, secrets)
	if err != nil {
		return err
	}
	errs, err := newMasked(filepath.Join(dir, errName), most, secrets)
	if err != nil {
		return err
	}
	end := runKept(argv, out, errs)
	return errors.Join(out.close(), errs.close(), writeEnd(dir, end))
}

func runKept(argv []string, out, errs io.Writer) End {
	// A child does not outlive its keeper unseen: the job would be called lost and
	// its target free. The system ties that to the thread that started it.
	runtime.LockOSThread()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, errs, grace
	endWithUs(cmd)
	err := cmd.Start()
	if err == nil {
		waited, done := make(chan struct{}), make(chan struct{})
		go func() { defer close(done); endLeft(cmd.Process.Pid, waited) }()
		err = cmd.Wait()
		close(waited)
		<-done
	}
	end := End{At: time.Now().UTC()}
	switch exit, ran := errors.AsType[*exec.ExitError](err); {
	case ran:
		end.Code, end.Signal = exit.ExitCode(), endedBy(exit)
	case errors.Is(err, exec.ErrWaitDelay): // a child of its own holds an output open
	case err != nil:
		end.Code, end.Why = -1, err.Error()
	}
	return end
}

// writeEnd writes the end whole or not at all.
func writeEnd(dir string, end End) error {
	b, err := json.Marshal(end)
	if err != nil {
		return err
	}
	part := filepath.Join(dir, endName+".part")
	f, err := ownfile.Open(part, os.O_CREATE|os.O_WRONLY|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(part, filepath.Join(dir, endName))
}

// capped writes an output to a file, up to a size, and at its end the last of what
// had no room, behind a line that says how much is left out.
type capped struct {
	f    *os.File
	room int
	left int    // bytes that had no room
	last []byte // the last of them
}

func newCapped(path string, most int) (*capped, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &capped{f: f, room: most}, nil
}

// Write never fails: neither a full file nor a full disk is the child's error.
func (c *capped) Write(p []byte) (int, error) {
	n, _ := c.f.Write(p[:min(c.room, len(p))])
	c.room -= n
	if rest := p[n:]; len(rest) > 0 {
		c.left += len(rest)
		c.last = append(c.last, rest...)
		if over := len(c.last) - lastMost; over > 0 {
			c.last = append(c.last[:0], c.last[over:]...)
		}
	}
	return len(p), nil
}

func (c *capped) close() error {
	var err error
	if c.left > 0 {
		_, err = fmt.Fprintf(c.f, "\n%d bytes are left out here\n%s", c.left-len(c.last), c.last)
	}
	return errors.Join(err, c.f.Sync(), c.f.Close())
}
