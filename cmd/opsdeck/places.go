package main

import (
	"os"
	"path/filepath"
	"strings"

	"opsdeck/agent"
	"opsdeck/ops"
)

// places are the folders and files of one user on one machine, by the XDG base
// directory specification; empty where the user has none.
type places struct {
	env func(string) (string, bool)
}

func (p places) get(name string) string { v, _ := p.env(name); return v }

func (p places) under(xdg, fallback string, parts ...string) string {
	base := p.get(xdg)
	if !filepath.IsAbs(base) { // the specification says to ignore relative ones
		base = filepath.Join(p.get("HOME"), fallback)
	}
	if !filepath.IsAbs(base) {
		return ""
	}
	return filepath.Join(append([]string{base, "opsdeck"}, parts...)...)
}

// config is a file of the user's configuration.
func (p places) config(parts ...string) string {
	return p.under("XDG_CONFIG_HOME", ".config", parts...)
}

// state is a file of the user's state.
func (p places) state(parts ...string) string {
	return p.under("XDG_STATE_HOME", ".local/state", parts...)
}

// systemEstate is the estate of the machine.
const systemEstate = "/etc/opsdeck/estate.yaml"

// estate returns the estate to look after: the flag, the environment, the user's,
// the machine's; empty when there is none.
func (p places) estate(flag string) string {
	if flag != "" {
		return flag
	}
	if v := p.get("OPSDECK_ESTATE"); v != "" {
		return v
	}
	for _, path := range []string{p.config("estate.yaml"), systemEstate} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// folder turns an estate's name into one path element.
func folder(name ops.Text) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, name.String())
}

// system agent's places; they can be moved for tests and containers.
func (p places) systemSocket(name ops.Text) string {
	return filepath.Join(p.runDir(), folder(name)+".sock")
}

func (p places) runDir() string {
	if dir := p.get("OPSDECK_RUN_DIR"); dir != "" {
		return dir
	}
	return "/run/opsdeck"
}

func (p places) systemState(name ops.Text) string {
	return filepath.Join("/var/lib/opsdeck", folder(name))
}

// personal agent's places.
func (p places) personalState(name ops.Text) string { return p.state(folder(name)) }

func noHome() error {
	return ops.Errorf(ops.CodeInvalid, "neither HOME nor XDG_STATE_HOME names a folder: there is none to keep the history in").Help("set HOME; opsdeck --local works without one")
}

// socketIn is the socket of an agent that keeps its state in dir. A unix socket's
// path holds 107 bytes, so a deep folder needs --socket.
func socketIn(dir string) (string, error) {
	path := filepath.Join(dir, "agent.sock")
	switch {
	case dir == "":
		return "", noHome()
	case len(path) > agent.MaxSocket:
		return "", ops.Errorf(ops.CodeInvalid, "the socket's path would be %d bytes long, and a unix socket takes %d: %s", len(path), agent.MaxSocket, path).
			Help("set XDG_STATE_HOME to a shorter folder")
	}
	return path, nil
}
