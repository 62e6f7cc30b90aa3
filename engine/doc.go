// Package engine knows and does: it polls the sources, keeps one picture of the
// estate, runs jobs and writes the history. It implements ops.Console for every
// caller, in its own process or behind an agent's socket.
//
// One goroutine owns the picture (reducer.go); everything else sends it small
// changes. Locks: Engine.mu guards the sessions of consoles, and no second lock is
// taken under it. Plans and jobs are a room of their own (engine/jobs).
package engine
