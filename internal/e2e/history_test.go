//go:build lab

package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestADamagedHistoryIsMovedAsideAndSaid(t *testing.T) {
	for name, harm := range map[string]func(b []byte) []byte{
		"cut to half":             func(b []byte) []byte { return b[:len(b)/2] },
		"emptied":                 func([]byte) []byte { return nil },
		"first pages overwritten": func(b []byte) []byte { copy(b, make([]byte, 8192)); return b },
		"the rest overwritten": func(b []byte) []byte {
			copy(b[8192:], bytes.Repeat([]byte("not a page\n"), len(b)))
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.want(0, `personal agent started`, "history") // starts an agent
			w.stopAgent()
			path := w.state("history.db")
			harmed := harm(w.read(path))
			w.write(path, harmed)
			s := w.console()
			said := s.line(`! history\.db moved to history\.db\.corrupt-\w+, a new one begun: it (was damaged|is empty)`)
			t.Log(said)
			s.live()
			aside := regexp.MustCompile(`history\.db\.corrupt-\w+`).FindString(said)
			if kept := w.read(w.state(aside)); !bytes.Equal(kept, harmed) {
				t.Errorf("%s holds %d bytes, and it were %d", aside, len(kept), len(harmed))
			}
			s.keys("0")
			s.filter("begun")
			s.until(`moved to ` + regexp.QuoteMeta(aside))
			w.want(0, `note .*`+regexp.QuoteMeta(aside), "audit", "verify")
			w.want(0, regexp.QuoteMeta(aside), "agent", "status")
		})
	}
}

func TestAHistoryThatAnotherProcessHoldsIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.want(0, ``, "history")
	w.stopAgent()
	f, err := os.OpenFile(w.state("history.db"), os.O_RDWR, 0)
	must(t, err)
	defer func() { _ = f.Close() }()
	must(t, syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
	before := w.read(w.state("history.db"))
	w.want(75, fmt.Sprintf(`history is locked by pid %d`, os.Getpid()), "agent", "--personal")
	s := w.console()
	if code, text := s.ended(), s.left(); code != 69 || !strings.Contains(text, fmt.Sprintf("locked by pid %d", os.Getpid())) {
		t.Errorf("the console ended with %d:\n%s", code, text)
	}
	if !bytes.Equal(before, w.read(w.state("history.db"))) {
		t.Error("the file was changed")
	}
	must(t, syscall.Flock(int(f.Fd()), syscall.LOCK_UN))
	w.console().live()
}

// tiny puts the world's state on a filesystem of one megabyte.
func tiny(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	dir := w.env["XDG_STATE_HOME"]
	must(t, os.Mkdir(dir, 0o700))
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatalf("mount a tmpfs (the lab runs as root): %v", err)
	}
	t.Cleanup(func() {
		w.end()
		// A killed program has no environment any more a moment before its files are closed.
		until(t, patience, "nobody has a file open in "+dir, func() bool { return syscall.Unmount(dir, 0) == nil })
	})
	return w
}

// fill fills a filesystem and returns the file to remove again.
func fill(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	must(t, err)
	defer func() { _ = f.Close() }()
	for _, size := range []int{4096, 1} {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		if !strings.Contains(err.Error(), "no space left") {
			t.Fatal(err)
		}
		err = nil
	}
	return path
}

// journal listens where syslog would, on a machine without one.
func journal(t *testing.T) <-chan string {
	t.Helper()
	const path = "/dev/log"
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	must(t, err)
	t.Cleanup(func() { _ = os.Remove(path) })
	t.Cleanup(func() { _ = c.Close() })
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for b := make([]byte, 64<<10); ; {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			lines <- string(b[:n])
		}
	}()
	return lines
}

// logged waits for a line of the journal.
func logged(t *testing.T, lines <-chan string, re string) {
	t.Helper()
	for limit := time.After(patience); ; {
		select {
		case l := <-lines:
			if regexp.MustCompile(re).MatchString(l) {
				t.Log(l)
				return
			}
		case <-limit:
			t.Fatalf("the journal has no %s", re)
		}
	}
}

func TestAFullDiskIsSaidAndWhatIsUrgentGoesOnWithTheJournal(t *testing.T) {
	w := tiny(t)
	name := obedient(t)
	s := w.console()
	s.live()
	s.unlock() // a full disk cannot record an unlock
	before := startedAt(t, name)
	ballast := fill(t, w.env["XDG_STATE_HOME"])
	c := w.wire("other") // refusals are written down: they use what room the file has left
	until(t, patience, "the history takes nothing more", func() bool {
		p := c.plan("container.restart", name)
		c.refused(c.call("POST", "start", fmt.Sprintf(`{"plan":%q,"confirmation":{}}`, p.ID)), 403, "locked")
		return strings.Contains(s.text(), "no space left")
	})
	t.Log(s.line(`! history: .*no space left`))
	w.want(75, `no space left`, "run", "container.restart", "container:docker/"+name, "--yes", "--reason", "test")
	_, noSystemd := os.Stat("/run/systemd/journal/socket")
	_, noSyslog := os.Stat("/dev/log")
	var lines <-chan string
	if noSystemd != nil && noSyslog != nil { // no journal at all: nothing is started
		s.plan(name, "urgent")
		s.yes(`was not started(?s:.*)no space left`)
		s.back(`(?m)^> *` + name)
		if startedAt(t, name) != before {
			t.Fatal("it was restarted without a record anywhere")
		}
		lines = journal(t)
	}
	s.plan(name, "urgent")
	s.yes(`restart container ` + name + `: done`)
	if startedAt(t, name) == before {
		t.Error("it was not restarted")
	}
	if lines != nil {
		logged(t, lines, `opsdeck intent: .* root intent container:docker/`+name+` .*reason: urgent`)
		logged(t, lines, `opsdeck outcome: .* root outcome .*succeeded`)
	}
	s.until(`! history: .*no space left`)
	must(t, os.Remove(ballast))
	w.want(0, `succeeded`, "run", "container.restart", "container:docker/"+name, "--yes", "--reason", "again")
	s.headFree(`no space left`)
	w.want(0, `(?m)^whole`, "audit", "verify")
}
