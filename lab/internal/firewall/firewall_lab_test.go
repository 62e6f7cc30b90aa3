//go:build lab

package firewall

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestARuleLetsPassWhatTheFirewallDropped makes the situation in network
// namespaces of its own: two machines on a bridge, and a third one's firewall
// that drops what crosses it.
func TestARuleLetsPassWhatTheFirewallDropped(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("only root has network namespaces to give: nothing is shown here")
		return
	}
	a, b := newPlace(t), newPlace(t)
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	must(t, unix.Unshare(unix.CLONE_NEWNET))
	bridge(t, a, b)
	if !through() {
		t.Fatalf("%s is not 1: br_netfilter is not loaded (modprobe br_netfilter)", bridged)
	}
	// A bridge takes a moment to carry what it should, so that is waited for.
	reaches := func(when string, want bool) {
		t.Helper()
		err := a.dial("10.9.0.2:80")
		for end := time.Now().Add(30 * time.Second); want && err != nil && time.Now().Before(end); {
			err = a.dial("10.9.0.2:80")
		}
		if (err == nil) != want {
			t.Errorf("%s: reaches is to be %v: %v", when, want, err)
		}
	}
	b.listen(t, "10.9.0.2:80")
	reaches("no firewall", true)
	f := For("/var/lib/lab-of-a-test")
	for _, tool := range []string{"iptables-nft", "iptables-legacy"} {
		do(t, tool, "-P", "FORWARD", "DROP")
		reaches(tool+" drops", false)
		if why := f.Cause(t.Context()); !strings.Contains(why, "FORWARD ("+tool+") has policy DROP") {
			t.Errorf("%s: the cause is %q", tool, why)
		}
		for range 2 { // the second one replaces what the first one put
			must(t, f.Open(t.Context(), []string{"br-lab", "br-none"}))
		}
		reaches(tool+" opened", true)
		if text := do(t, tool, "-S", "FORWARD"); strings.Count(text, "lab-of-a-test") != 2 {
			t.Errorf("%s has not one rule a bridge:\n%s", tool, text)
		}
		if n, err := f.Close(t.Context()); n != 2 || err != nil {
			t.Errorf("%s: closed %d: %v", tool, n, err)
		}
		reaches(tool+" closed", false)
		do(t, tool, "-P", "FORWARD", "ACCEPT")
	}
	reaches("no firewall any more", true)
	if why := f.Cause(t.Context()); why != "" {
		t.Errorf("nothing drops, and the cause is %q", why)
	}
}

// place is a thread in a network namespace of its own, which works off what it
// is given.
type place struct {
	tid  int
	work chan func()
}

func newPlace(t *testing.T) place {
	t.Helper()
	p := place{work: make(chan func())}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		p.tid = unix.Gettid()
		ready <- err
		for do := range p.work {
			do()
		}
	}()
	must(t, <-ready)
	t.Cleanup(func() { close(p.work) })
	return p
}

func (p place) in(do func() error) error {
	done := make(chan error)
	p.work <- func() { done <- do() }
	return <-done
}

// dial connects; an address in figures is dialled on the calling thread.
func (p place) dial(addr string) error {
	return p.in(func() error {
		conn, err := (&net.Dialer{Timeout: 500 * time.Millisecond}).Dial("tcp4", addr)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

func (p place) listen(t *testing.T, addr string) {
	t.Helper()
	must(t, p.in(func() error {
		ln, err := net.Listen("tcp4", addr)
		if err == nil {
			t.Cleanup(func() { _ = ln.Close() })
		}
		return err
	}))
}

// bridge joins two places by a bridge on this thread's namespace.
func bridge(t *testing.T, places ...place) {
	t.Helper()
	do(t, "ip", "link", "add", "br-lab", "type", "bridge")
	do(t, "ip", "link", "set", "br-lab", "up")
	for i, p := range places {
		outer, inner := fmt.Sprintf("out%d", i), fmt.Sprintf("in%d", i)
		do(t, "ip", "link", "add", outer, "type", "veth", "peer", "name", inner)
		do(t, "ip", "link", "set", inner, "netns", fmt.Sprint(p.tid))
		do(t, "ip", "link", "set", outer, "master", "br-lab", "up")
		must(t, p.in(func() error {
			if _, err := run(t.Context(), "ip", "address", "add", fmt.Sprintf("10.9.0.%d/24", i+1), "dev", inner); err != nil {
				return err
			}
			_, err := run(t.Context(), "ip", "link", "set", inner, "up")
			return err
		}))
	}
}

func do(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := run(t.Context(), argv...)
	must(t, err)
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
