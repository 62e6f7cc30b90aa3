package agent

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"opsdeck/ops"
)

// What callers may hold open: a watch, a log and a call are a connection each. One account
// cannot take them all, and what is not used is closed.
const (
	connectionsOfOne = 128 // of one account, which people may share
	connectionsOfAll = 512
	idleMost         = time.Minute
	idleOurs         = 30 * time.Second // after which our own client gives one up first
)

// connections counts those that are open, by the account the kernel names.
type connections struct {
	mu    sync.Mutex
	uid   map[net.Conn]uint32
	count map[uint32]int
}

// tooManyKey marks a connection whose requests are refused in words.
type tooManyKey struct{}

// begun is an http.Server's ConnContext. It asks the kernel who calls, once a connection;
// of many too many, those beyond are closed without a word.
func (c *connections) begun(ctx context.Context, conn net.Conn) context.Context {
	p, err := peerOf(conn)
	if err == nil { // a request without a peer is refused
		ctx = context.WithValue(ctx, peerKey{}, p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.uid == nil {
		c.uid, c.count = map[net.Conn]uint32{}, map[uint32]int{}
	}
	c.uid[conn] = p.UID
	c.count[p.UID]++
	one, all := c.count[p.UID], len(c.uid)
	if one > 2*connectionsOfOne || all > 2*connectionsOfAll {
		_ = conn.Close()
	}
	if one > connectionsOfOne || all > connectionsOfAll {
		ctx = context.WithValue(ctx, tooManyKey{}, true)
	}
	return ctx
}

// changed is an http.Server's ConnState.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	uid, counted := c.uid[conn]
	if !counted {
		return
	}
	delete(c.uid, conn)
	if c.count[uid]--; c.count[uid] == 0 {
		delete(c.count, uid)
	}
}

// within serves what comes over a connection that was not one too many.
func within(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(tooManyKey{}) == nil {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		fail(w, ops.Errorf(ops.CodeUnavailable, "the agent gives an account %d connections, and these are in use", connectionsOfOne).Help("close consoles, or what else asks it"))
	})
}
