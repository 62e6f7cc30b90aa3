package proc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"opsdeck/ops"
)

// tailEvery is the pace of reading what a kept child has written.
const tailEvery = 100 * time.Millisecond

// Kept is a child behind a keeper, as the agent that started it sees it.
type Kept struct {
	Process ops.Process // the keeper: while it lives, so may the child
	cmd     *exec.Cmd
	files   *Files
	ended   chan struct{}
}

// Start makes the folder dir and starts a child behind a keeper that writes there,
// in a session of its own: neither a terminal's hang-up nor the end of this process
// reaches it. keeper are the words that make a process call Keep. written is called
// with the keeper's process before the child starts, for the history; where it
// fails, nothing is started. s.Max bounds each output; 0: 32 MiB. What is written of the
// outputs has its secrets masked.
func Start(keeper []string, dir string, s Spec, written func(ops.Process) error) (*Kept, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	most := s.Max
	if most == 0 {
		most = keptMost
	}
	argv := append(append(append([]string{}, keeper...), dir, strconv.Itoa(most)), s.Argv...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = s.Env, s.Dir
	ownSession(cmd)
	start, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the keeper of %s: %w", s.Argv[0], err)
	}
	k := &Kept{cmd: cmd, files: Open(dir), ended: make(chan struct{})}
	go func() {
		defer close(k.ended)
		_ = cmd.Wait() // how the child ended stands in its folder
	}()
	if k.Process, err = Identify(cmd.Process.Pid); err == nil {
		err = written(k.Process)
	}
	if err == nil {
		err = tell(start, s.Secrets)
	}
	_ = start.Close() // a keeper that was quick has closed it already
	if err != nil {   // an end without the line starts nothing
		<-k.ended
		return nil, fmt.Errorf("start %s: %w", s.Argv[0], err)
	}
	return k, nil
}

// Wait hands each line to emit as the child writes it, until the child has ended, and
// says how. When ctx ends, the child's group gets SIGTERM, and
// SIGKILL after a grace. ok is false where nobody saw the end: the keeper was killed.
func (k *Kept) Wait(ctx context.Context, emit func(ops.Stream, string)) (end End, ok bool, err error) {
	tick := time.NewTicker(tailEvery)
	defer tick.Stop()
	asked := ctx.Done()
	for alive := true; alive; {
		select {
		case <-k.ended:
			alive = false
		case <-tick.C:
		case <-asked:
			asked = nil
			_ = signalGroup(k.cmd, syscall.SIGTERM) // it may have ended
			kill := time.AfterFunc(grace, func() { _ = signalGroup(k.cmd, syscall.SIGKILL) })
			defer kill.Stop()
		}
		if err := k.files.Lines(emit, !alive); err != nil {
			return end, false, err
		}
	}
	return k.files.End()
}

// Files are what a keeper wrote: read by the agent that started it, or by the next
// one, once the process is gone.
type Files struct {
	dir  string
	tail [2]tail
}

type tail struct {
	at   int64  // bytes read
	part []byte // the beginning of a line
}

// Open is the folder of a kept child. It need not be there.
func Open(dir string) *Files { return &Files{dir: dir} }

// lineMost bounds a line in bytes: a longer one comes in parts.
const lineMost = 16 << 10

// Lines hands over what was written since the last call, line by line; at the end what
// has no line end, too.
func (f *Files) Lines(emit func(ops.Stream, string), last bool) error {
	for i, name := range []string{outName, errName} {
		if err := f.tail[i].read(filepath.Join(f.dir, name), last, func(line string) {
			emit([]ops.Stream{ops.StreamOut, ops.StreamErr}[i], line)
		}); err != nil {
			return err
		}
	}
	return nil
}

func (t *tail) read(path string, last bool, emit func(string)) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // its keeper has not come so far
	}
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was read
	if _, err := file.Seek(t.at, io.SeekStart); err != nil {
		return err
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := file.Read(buf)
		t.at += int64(n)
		t.part = append(t.part, buf[:n]...)
		t.lines(emit)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if last && len(t.part) > 0 {
		emit(string(t.part))
		t.part = nil
	}
	return nil
}

func (t *tail) lines(emit func(string)) {
	for {
		i := bytes.IndexByte(t.part, '\n')
		rest := i + 1
		if i < 0 {
			if i, rest = lineMost, lineMost; len(t.part) < lineMost {
				return
			}
		}
		emit(string(t.part[:i]))
		t.part = t.part[rest:]
	}
}

// End is how the child ended; ok is false where nobody saw it.
func (f *Files) End() (end End, ok bool, err error) {
	b, err := os.ReadFile(filepath.Join(f.dir, endName))
	if errors.Is(err, os.ErrNotExist) {
		return end, false, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &end)
	}
	return end, err == nil, err
}

// Remove takes the folder away, once its lines and its end stand in the history.
func (f *Files) Remove() error { return os.RemoveAll(f.dir) }
