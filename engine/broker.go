package engine

import (
	"sync"

	"opsdeck/ops"
)

// broker hands the newest board to everybody who watches. A slow reader gets
// the newest when it comes back; nobody waits for it.
type broker struct {
	mu     sync.Mutex
	board  ops.Board
	first  chan struct{} // closed when there is a first board
	subs   map[*subscriber]struct{}
	closed bool
}

// subscriber is woken, and reads the newest board itself.
type subscriber struct {
	wake chan struct{}
}

func (b *broker) firstBoard() chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.firstLocked()
}

func (b *broker) firstLocked() chan struct{} {
	if b.first == nil {
		b.first = make(chan struct{})
	}
	return b.first
}

func (b *broker) publish(board ops.Board) {
	b.mu.Lock()
	defer b.mu.Unlock()
	first := b.firstLocked()
	if b.board.Rev == 0 {
		close(first)
	}
	b.board = board
	for s := range b.subs {
		s.poke()
	}
}

func (s *subscriber) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// newest returns the last published board; its Rev is zero before the first.
func (b *broker) newest() ops.Board {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.board
}

func (b *broker) subscribe() *subscriber {
	s := &subscriber{wake: make(chan struct{}, 1)}
	s.poke()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = map[*subscriber]struct{}{}
	}
	b.subs[s] = struct{}{}
	if b.closed {
		close(s.wake)
		delete(b.subs, s)
	}
	return s
}

func (b *broker) unsubscribe(s *subscriber) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.subs, s)
}

// pokeAll wakes everybody without a new board: somebody's session changed.
func (b *broker) pokeAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.subs {
		s.poke()
	}
}

func (b *broker) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for s := range b.subs {
		close(s.wake)
		delete(b.subs, s)
	}
}
