package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/goccy/go-yaml"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/keys"
)

// preferences are the user's own: ~/.config/opsdeck/config.yaml.
type preferences struct {
	Theme string      `yaml:"theme"` // one of themes.Names
	Keys  keys.Config `yaml:"keys"`  // name of a thing to do: its keys
	Bell  *bool       `yaml:"bell"`  // ring once for a new critical; default true
	ASCII *bool       `yaml:"ascii"` // plain signs; default by the locale
	Slow  *bool       `yaml:"slow"`  // fewer frames; default: under ssh

	// SSH is the program of --on and its first arguments; default: ssh.
	SSH []string `yaml:"ssh"`
	// Remote is opsdeck on the far side, where it is not on the PATH there.
	Remote string `yaml:"remote"`
}

// loadPreferences reads the user's file; none is fine.
func loadPreferences(path string) (preferences, error) {
	var p preferences
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	err = yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(&p)
	if err != nil && !errors.Is(err, io.EOF) {
		return p, ops.Errorf(ops.CodeInvalid, "%s: %s", path, strings.TrimSpace(yaml.FormatError(err, false, false))).
			Help("it may hold theme, keys, bell, ascii, slow, ssh and remote")
	}
	if p.Theme != "" {
		if _, err := themes.New(p.Theme, false); err != nil {
			return p, ops.Errorf(ops.CodeInvalid, "%s: %v", path, err)
		}
	}
	return p, nil
}

// theme is the user's, else what the terminal suggests.
func (a *app) theme(p preferences) (themes.Theme, error) {
	get := places{a.env}.get
	name := p.Theme
	if name == "" || get("NO_COLOR") != "" {
		name = themes.Choose(get, darkGround(get("COLORFGBG")))
	}
	ascii := !themes.UTF8(get)
	if p.ASCII != nil {
		ascii = *p.ASCII
	}
	t, err := themes.New(name, ascii)
	if err != nil {
		return t, fmt.Errorf("choose a theme: %w", err)
	}
	return t, nil
}

// darkGround reads COLORFGBG ("15;0"), which some terminals set; without it the
// ground is taken for dark. The terminal is not asked: the answer can be lost on
// a slow line, and the wait would be the first thing a user meets.
func darkGround(fgbg string) bool {
	return !strings.HasSuffix(fgbg, ";7") && !strings.HasSuffix(fgbg, ";15")
}
