package engine

import (
	"sync"

	"opsdeck/ops"
)

// broker hands the newest board to everybody who watches. A slow reader gets
// the newest when it comes back; nobody waits for it.
type broker struct {
	first chan struct{} // closed when there is a first board

	mu     sync.Mutex
	board  ops.Board
	subs   map[chan struct{}]struct{} // each is woken, and reads the newest board itself
	closed bool
}

func newBroker() broker {
	return broker{first: make(chan struct{}), subs: map[chan struct{}]struct{}{}}
}

func (b *broker) publish(board ops.Board) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.board.Rev == 0 {
		close(b.first)
	}
	b.board = board
	for wake := range b.subs {
		signal(wake)
	}
}

// newest returns the last published board; its Rev is zero before the first.
func (b *broker) newest() ops.Board {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.board
}

// subscribe returns what is woken by each board, and closed with the broker.
func (b *broker) subscribe() chan struct{} {
	wake := make(chan struct{}, 1)
	signal(wake)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		close(wake)
	} else {
		b.subs[wake] = struct{}{}
	}
	return wake
}

func (b *broker) unsubscribe(wake chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.subs, wake)
}

// wakeAll wakes everybody without a new board: somebody's session changed.
func (b *broker) wakeAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for wake := range b.subs {
		signal(wake)
	}
}

func (b *broker) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for wake := range b.subs {
		close(wake)
		delete(b.subs, wake)
	}
}

// signal wakes who waits on c, now or when it looks next.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
