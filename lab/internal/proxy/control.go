package proxy

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"opsdeck/lab/internal/layout"
)

// Control is what a fault asks of the way to one server. The zero value means
// "pass everything through".
type Control struct {
	DelayMS   int    `json:"delay_ms,omitempty"`   // answer this much later
	DelayPath string `json:"delay_path,omitempty"` // only below this path; empty is every path
	// DateShiftSeconds is added to the Date header of every answer.
	DateShiftSeconds int  `json:"date_shift_seconds,omitempty"`
	Freeze           bool `json:"freeze,omitempty"` // take requests and do not answer them
}

// delay is how much later the answer to a path comes.
func (c Control) delay(path string) time.Duration {
	if !strings.HasPrefix(path, c.DelayPath) {
		return 0
	}
	return time.Duration(c.DelayMS) * time.Millisecond
}

func controlFile(l layout.Layout, name string) string { return l.Path("proxy", name+".json") }

// Read gives the control of the named way. An absent or damaged file means
// "pass through", so that a fault half written wedges nothing.
func Read(l layout.Layout, name string) Control {
	var c Control
	data, err := os.ReadFile(controlFile(l, name))
	if err != nil || json.Unmarshal(data, &c) != nil {
		return Control{}
	}
	return c
}

// Edit changes the control of the named way: one fault leaves alone what
// another one set. The callers hold the lab's lock.
func Edit(l layout.Layout, name string, change func(*Control)) error {
	c := Read(l, name)
	change(&c)
	path := controlFile(l, name)
	if c == (Control{}) {
		return absent(path)
	}
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("control of the proxy: %w", err)
	}
	return os.Rename(path+".new", path)
}

func cutFile(l layout.Layout, name string) string { return l.Path("proxy", name+".cut") }

// CutNextPost asks that one answer to a POST of that path be lost.
func CutNextPost(l layout.Layout, name, path string) error {
	if err := os.WriteFile(cutFile(l, name), []byte(path), 0o644); err != nil {
		return fmt.Errorf("control of the proxy: %w", err)
	}
	return nil
}

// KeepPosts takes the wish of CutNextPost back.
func KeepPosts(l layout.Layout, name string) error { return absent(cutFile(l, name)) }

// CutWaits tells whether an answer is still to be lost.
func CutWaits(l layout.Layout, name string) bool {
	_, err := os.Stat(cutFile(l, name))
	return err == nil
}

// claimCut tells whether this POST is the one to lose. Removing the file is
// the claim, so of two at once only one gets it.
func claimCut(l layout.Layout, name, path string) bool {
	want, err := os.ReadFile(cutFile(l, name))
	return err == nil && string(want) == path && os.Remove(cutFile(l, name)) == nil
}

func absent(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("control of the proxy: %w", err)
	}
	return nil
}
