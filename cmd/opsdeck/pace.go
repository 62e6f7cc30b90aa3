package main

import (
	"time"

	"opsdeck/ops"
)

// Paces of a job's progress where it goes into a log: a line for each stage, and between
// them one so seldom that hours of a backup can be read.
const (
	paceFirst = 10 * time.Second
	paceLater = 30 * time.Second
	paceEarly = 3 * time.Minute // after which the later one holds
)

// pace says which lines of a job's progress are printed where none is rewritten.
type pace struct {
	began, last time.Time
	line, stage string
}

// due reports whether a line is to be printed now; it is taken to be, then.
func (p *pace) due(j ops.Job, line string, now time.Time) bool {
	stage, every := j.State.String()+" "+j.Progress.InStage().String(), paceFirst
	if p.began.IsZero() {
		p.began = now
	}
	if now.Sub(p.began) > paceEarly {
		every = paceLater
	}
	if line == p.line || stage == p.stage && now.Sub(p.last) < every {
		return false
	}
	p.line, p.stage, p.last = line, stage, now
	return true
}
