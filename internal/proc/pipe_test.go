package proc

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAPipeCarriesBytesBothWays(t *testing.T) {
	c, err := Pipe([]string{"cat"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 6)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello\n" {
		t.Fatalf("%q, %v", b, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(b); err == nil {
		t.Error("a closed pipe can be read")
	}
}

func TestThePipesErrorIsWhatTheChildSaidLast(t *testing.T) {
	c, err := Pipe([]string{"sh", "-c", "echo Permission denied >&2; exit 255"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // it has ended
	_, err = c.Read(make([]byte, 10))
	end, ok := errors.AsType[*PipeEnd](err)
	if !ok || end.Code != 255 || !strings.Contains(err.Error(), "Permission denied") {
		t.Errorf("%v", err)
	}
}

func TestAClosedPipeLeavesNoChild(t *testing.T) {
	c, err := Pipe([]string{"sh", "-c", "trap '' TERM; while :; do sleep 1; done"})
	if err != nil {
		t.Fatal(err)
	}
	pid := c.(*pipe).cmd.Process.Pid
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.(*pipe).ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it was not killed")
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("%d: %v", pid, err)
	}
}

func TestAProgramThatGetsTheTerminalAndEndsOtherwiseThanWellSaysSo(t *testing.T) {
	run := func(argv ...string) (string, error) {
		var out bytes.Buffer
		h := Hand(argv)
		h.SetStdin(strings.NewReader("one\n"))
		h.SetStdout(&out)
		h.SetStderr(io.Discard)
		return out.String(), h.Run()
	}
	if _, err := run("sh", "-c", "exit 0"); err != nil {
		t.Errorf("it ended well: %v", err)
	}
	for end, words := range map[string]string{"exit 1": "exit code 1, which may be its last command's", "exit 126": "exit code 126: there is no such program",
		"exit 130": "exit code 130: it, or its last command, was ended by signal 2", "kill -9 $$": "ended by signal: killed"} {
		if _, err := run("sh", "-c", end); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", end, err)
		}
	}
	if _, err := run("sh", "-c", "echo first >&2; echo no such container >&2; exit 1"); err == nil || err.Error() != "no such container" {
		t.Errorf("%v", err)
	}
	if _, err := run("sh", "-c", "exit 127"); err == nil || !strings.Contains(err.Error(), "no such program in it") {
		t.Errorf("%v", err)
	}
	if _, err := run("/no/such/program"); err == nil {
		t.Error("nothing ran, and no error")
	}
	ssh := filepath.Join(t.TempDir(), "ssh")
	if err := os.WriteFile(ssh, []byte("#!/bin/sh\nexit $1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]int{`sh -c kill\x20-9\x20$$`: -1, `sh -c exit\x203`: 3, `sh -c exit\x20255`: 255, ssh + " 126": 126, ssh + " 255": -1} {
		argv := strings.Fields(line)
		argv[len(argv)-1] = strings.ReplaceAll(argv[len(argv)-1], `\x20`, " ")
		_, err := run(argv...)
		if e, ok := errors.AsType[interface {
			error
			ExitCode() int
		}](err); !ok || e.ExitCode() != want {
			t.Errorf("%v: %v, want exit code %d", argv, err, want)
		}
	}
}
