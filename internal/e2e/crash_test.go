//go:build lab

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui"
)

// crashVar makes this test program a console that crashes: where it says.
const crashVar = "OPSDECK_E2E_CRASH"

// port delivers one board; nothing else of it is called.
type port struct {
	ops.Console
	watched func()
}

func (p port) Watch(ctx context.Context) (<-chan ops.Event, error) {
	out := make(chan ops.Event, 1)
	out <- ops.Event{Board: ops.Board{Rev: 1, At: time.Now(), Estate: ops.EstateInfo{Name: ops.Lit("crash")}}}
	go func() {
		<-ctx.Done()
		close(out)
	}()
	p.watched()
	return out, nil
}

// crash is the real console with a clock, or a port, that panics.
func crash(where, file string) int {
	th, err := themes.New("none", true)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var calls atomic.Int64
	watched := func() {}
	clock := func() time.Time {
		if where == "update" && calls.Add(1) > 3 {
			panic("boom")
		}
		return time.Now()
	}
	if where == "watch" {
		watched = func() { panic("boom") }
	}
	o := tui.Options{Now: clock, Theme: th, CrashFile: file}
	_, err = tui.Run(context.Background(), port{watched: watched}, o, os.Stdin, os.Stdout)
	fmt.Fprintln(os.Stderr, "ended:", err)
	return 70
}

func TestACrashLeavesTheTerminalClean(t *testing.T) {
	w := newWorld(t)
	s := w.shell()
	for _, where := range []string{"update", "watch"} {
		file := filepath.Join(w.dir, where+".txt")
		s.keys("C-l")
		s.write(fmt.Sprintf("%s=%s:%s %s", crashVar, where, file, os.Args[0]))
		s.keys("Enter")
		s.until(`ended: the console crashed: boom: details in ` + file)
		s.clean("a crash in " + where)
		if text := string(w.read(file)); !strings.Contains(text, "goroutine") {
			t.Errorf("the crash file holds:\n%s", text)
		}
	}
}
