package svc

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	hogStep = 100 * time.Millisecond
	hogBite = 4 << 20 // bytes taken per step
)

// hog takes memory and prints lines when the control file asks: the two ways
// in which a service harms others by being busy.
type hog struct {
	log  *slog.Logger
	ctl  atomic.Pointer[Control]
	held [][]byte
	line int
}

func newHog(log *slog.Logger) *hog {
	h := &hog{log: log}
	h.ctl.Store(&Control{})
	return h
}

func (h *hog) want(c Control) { h.ctl.Store(&c) }

func (h *hog) run(ctx context.Context) {
	tick := time.NewTicker(hogStep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			c := *h.ctl.Load()
			h.eat(c.EatMiB)
			if now.Unix() < c.LogUntil {
				h.talk(c.LogLines / int(time.Second/hogStep))
			}
		}
	}
}

// eat takes one bite, until it has enough; a wish of nothing lets go of all.
func (h *hog) eat(mib int) {
	if mib == 0 {
		h.held = nil
		return
	}
	if len(h.held)*hogBite >= mib<<20 {
		return
	}
	bite := make([]byte, hogBite)
	for i := 0; i < len(bite); i += 4096 {
		bite[i] = 1 // memory that was never written is not counted
	}
	h.held = append(h.held, bite)
	if len(h.held)%4 == 1 {
		h.log.Warn("scenario cache grows", "held_mib", len(h.held)*hogBite>>20, "trace_id", newTraceID())
	}
}

func (h *hog) talk(lines int) {
	for range lines {
		h.line++
		h.log.Info("row rejected, trying the next", "line", h.line, "column", "exposure_at_default")
	}
}
