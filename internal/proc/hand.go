package proc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
)

// Handed is a program that gets our terminal while it runs. It stays in our
// process group, or it would not be in the terminal's foreground, and has no
// deadline: a person works in it.
type Handed struct {
	cmd  *exec.Cmd
	said *bounded
}

// Hand prepares a program; Run starts it.
func Hand(argv []string) *Handed {
	return &Handed{cmd: exec.Command(argv[0], argv[1:]...), said: &bounded{max: 4 << 10}}
}

// SetStdin sets the terminal to read from.
func (h *Handed) SetStdin(r io.Reader) { h.cmd.Stdin = r }

// SetStdout sets the terminal to write to.
func (h *Handed) SetStdout(w io.Writer) { h.cmd.Stdout = w }

// SetStderr sets where errors go; the last of them are kept for Run's error,
// because the screen that comes back covers them.
func (h *Handed) SetStderr(w io.Writer) { h.cmd.Stderr = io.MultiWriter(w, h.said) }

// Exit codes by which a shell and docker exec say that a program could not be
// begun. Docker writes the cause to the terminal, where the screen covers it.
const (
	notExecutable = 126
	notThere      = 127
)

// bySignal is what a shell adds to the number of the signal that ended a program.
const bySignal = 128

// ended is how a program ended that did not end well.
type ended struct {
	code  int // -1: not known
	words string
}

func (e ended) Error() string { return e.words }

// ExitCode is the program's own exit code, and -1 where it is not known.
func (e ended) ExitCode() int { return e.code }

// lineBroke is the exit code of ssh itself: of what ran behind it nothing is known.
const lineBroke = 255

// Run runs the program to its end. A program that never ran, that complained, or that
// ended with another exit code than 0 is an error, though that of a shell may be its
// last command's.
func (h *Handed) Run() error {
	err := h.cmd.Run()
	exit, ran := errors.AsType[*exec.ExitError](err)
	if err != nil && !ran {
		return fmt.Errorf("run %s: %w", h.cmd.Args[0], err)
	}
	if !ran {
		return nil
	}
	e := ended{exit.ExitCode(), h.inWords(exit)}
	if e.code == lineBroke && filepath.Base(h.cmd.Args[0]) == "ssh" {
		e.code = -1
	}
	return e
}

// inWords says how the program ended: as it says itself, or by its exit code.
func (h *Handed) inWords(exit *exec.ExitError) string {
	if lines := bytes.TrimSpace(h.said.kept); len(lines) > 0 {
		return string(lines[bytes.LastIndexByte(lines, '\n')+1:])
	}
	switch code := exit.ExitCode(); {
	case code < 0:
		return fmt.Sprintf("ended by signal: %s", endedBy(exit))
	case code == notExecutable, code == notThere:
		return fmt.Sprintf("exit code %d: there is no such program in it, or its last command was none", code)
	case code > bySignal:
		return fmt.Sprintf("exit code %d: it, or its last command, was ended by signal %d", code, code-bySignal)
	default:
		return fmt.Sprintf("exit code %d, which may be its last command's", code)
	}
}
