package engine

import "opsdeck/ops"

// Looks counts what is on anybody's screen.
func (e *Engine) Looks() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.looks(ops.Text{}))
}
