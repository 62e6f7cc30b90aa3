package screen

import (
	"time"

	"opsdeck/ops"
)

// Question is what a screen keeps asking the agent.
type Question struct {
	Serial int
	Ref    ops.Ref
	At     time.Time // when the root last asked
}

// Asks makes whatever embeds a question an Asker, but for its answer.
func (q *Question) Asks() *Question { return q }

// Asker is a screen that shows one object and asks for it again while it is open.
type Asker interface {
	Asks() *Question
	Take(ops.Detail, error)
}

// Fresh is how old an opened object may be and still look good. It is
// asked for again with every new board, so an older one means trouble.
const Fresh = 90 * time.Second
