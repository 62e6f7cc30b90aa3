// Package engine knows and does: it polls the sources, keeps one picture of the
// estate, runs jobs and writes the history. It implements ops.Console for every
// caller, in its own process or behind an agent's socket.
//
// One goroutine owns the picture (reducer.go); everything else sends it small
// changes. Locks: Engine.mu guards plans, sessions, target locks and running
// jobs, is never held over a call to a source or to the history, and no second
// lock is taken under it.
package engine
