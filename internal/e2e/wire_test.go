//go:build lab

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// wire speaks the agent's protocol as curl would: nothing of the client's code
// is used.
type wire struct {
	*testing.T
	socket  string
	session string
	uid     int // 0: ourselves; else the user the kernel is to see
}

// said is what the agent answered.
type said struct {
	status int
	body   string
	PID    int    `json:"pid"`
	ID     string `json:"id"`
	Job    uint64 `json:"job"`
	Code   string `json:"code"`
	What   string `json:"what"`
	Remedy string `json:"remedy"`
}

func (w *world) wire(session string) wire {
	return wire{T: w.T, socket: w.state("agent.sock"), session: session}
}

// hello asks who answers on the personal agent's socket.
func (w *world) hello() (said, error) { return w.wire("").try("GET", "hello", "") }

func (c wire) call(method, path, body string) said {
	c.Helper()
	a, err := c.try(method, path, body)
	must(c.T, err)
	return a
}

func (c wire) try(method, path, body string) (said, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	h := http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return dialAs(c.socket, c.uid) }}}
	req, err := http.NewRequestWithContext(ctx, method, "http://agent/v1/"+path, strings.NewReader(body))
	if err != nil {
		return said{}, err
	}
	req.Header.Set("Opsdeck-Session", c.session)
	resp, err := h.Do(req)
	if err != nil {
		return said{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	a := said{status: resp.StatusCode, body: string(text)}
	if err == nil && strings.HasPrefix(a.body, "{") {
		err = json.Unmarshal(text, &a)
	}
	return a, err
}

// dialAs connects as a user: the kernel takes a peer's name from the thread that
// connects, so a thread of its own changes it, and ends with its goroutine.
func dialAs(socket string, uid int) (net.Conn, error) {
	if uid == 0 {
		return net.Dial("unix", socket)
	}
	type answer struct {
		c   net.Conn
		err error
	}
	got := make(chan answer)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread must not serve others
		_, _, e1 := syscall.RawSyscall(syscall.SYS_SETGROUPS, 0, 0, 0)
		_, _, e2 := syscall.RawSyscall(syscall.SYS_SETRESGID, uintptr(uid), uintptr(uid), uintptr(uid))
		_, _, e3 := syscall.RawSyscall(syscall.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid))
		if e1|e2|e3 != 0 {
			got <- answer{nil, errors.Join(e1, e2, e3)}
			return
		}
		c, err := net.Dial("unix", socket)
		got <- answer{c, err}
	}()
	a := <-got
	return a.c, a.err
}

// plan asks for the plan of an action on a container.
func (c wire) plan(action, name string) said {
	c.Helper()
	return c.call("POST", "plan", fmt.Sprintf(`{"action":%q,"target":{"kind":"container","source":"docker","id":%q}}`, action, name))
}

// start starts a plan with every confirmation there is.
func (c wire) start(id string) said {
	c.Helper()
	return c.call("POST", "start", fmt.Sprintf(`{"plan":%q,"confirmation":{"yes":true,"reason":"test"}}`, id))
}

// unlock unlocks production for the session.
func (c wire) unlock() said {
	c.Helper()
	p := c.call("POST", "plan", `{"action":"console.unlock","target":{"kind":"console","id":"this"}}`)
	return c.start(p.ID)
}

// refused checks that a call was turned down for a reason.
func (c wire) refused(a said, status int, code string) {
	c.Helper()
	if a.status != status || a.Code != code || a.What == "" {
		c.Errorf("answered %d %s, want %d %s", a.status, a.body, status, code)
	}
}
