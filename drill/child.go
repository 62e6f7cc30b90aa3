package drill

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"opsdeck/ops"
)

// line is what a drill's process says: what it does, and at its end what came of it.
type line struct {
	Doing string     `json:"doing,omitempty"`
	Drill *ops.Drill `json:"drill,omitempty"`
	Error *ops.Error `json:"error,omitempty"`
}

// mostOrder bounds the line with the order.
const mostOrder = 1 << 20

var errStopped = ops.Errorf(ops.CodeInvalid, "it was stopped")

// Child is the whole of a process that drills: it reads an order, one line of JSON, and
// writes what it does, one line each. Whatever comes on in after the order stops it, and so
// does the end of in: a dead agent leaves no copy behind. It takes away what it made before
// it returns.
func Child(ctx context.Context, in io.Reader, out io.Writer) error {
	says := json.NewEncoder(out)
	r := bufio.NewReader(io.LimitReader(in, mostOrder))
	var o Order
	text, err := r.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		err = invalid("the order cannot be read: %v", err)
		return errors.Join(err, says.Encode(line{Error: ops.AsError(err)}))
	}
	ctx, stop := context.WithCancelCause(ctx)
	go func() {
		_, _ = r.ReadByte() // a word or the end: both mean stop
		stop(errStopped)
	}()
	d, err := Run(ctx, o, func(what string) { _ = says.Encode(line{Doing: what}) }) // nobody listening ends in, too
	if err != nil {
		return errors.Join(err, says.Encode(line{Drill: &d, Error: ops.AsError(err)}))
	}
	return says.Encode(line{Drill: &d})
}

// Command starts a drill over a connection to its process, passes on what it does, and
// returns what came of it. A ctx that ends tells it to stop: its end is waited for all the
// same, because it takes its copy away.
func Command(ctx context.Context, child io.ReadWriter, o Order, doing func(what string)) (ops.Drill, error) {
	text, err := json.Marshal(o)
	if err == nil {
		_, err = child.Write(append(text, '\n'))
	}
	if err != nil {
		return ops.Drill{}, fmt.Errorf("order a drill: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _, _ = child.Write([]byte("stop\n")) })()
	for said := json.NewDecoder(child); ; {
		var l line
		switch err := said.Decode(&l); {
		case errors.Is(err, io.EOF):
			return ops.Drill{}, ops.Errorf(ops.CodeUnanswered, "the drill's process ended without a result").
				Help("the next drill takes away what it has left in its scratch")
		case err != nil:
			return ops.Drill{}, fmt.Errorf("read from the drill's process: %w", err)
		case l.Error != nil && l.Drill != nil: // what it saw until then
			return *l.Drill, l.Error
		case l.Error != nil:
			return ops.Drill{}, l.Error
		case l.Drill != nil:
			return *l.Drill, nil
		default:
			doing(l.Doing)
		}
	}
}
