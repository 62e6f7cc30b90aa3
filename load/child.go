package load

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"opsdeck/ops"
)

// line is what a child says: a tick every second, and at the end its run or what was
// wrong with its order.
type line struct {
	Tick  *ops.LoadTick `json:"tick,omitempty"`
	Run   *ops.LoadRun  `json:"run,omitempty"`
	Error *ops.Error    `json:"error,omitempty"`
}

// mostOrder bounds the line with the order: headers, and bodies in base64.
const mostOrder = 64 << 20

var errStopped = errors.New("stopped")

// Work is what a child does with an order.
type Work[O any] struct {
	Run func(context.Context, O, func(ops.LoadTick)) (ops.LoadRun, error)
	// PutOff is how long a run whose child's input has ended may take to end.
	PutOff time.Duration
}

// Sending is the work of a child that sends requests itself: it has nothing to put in order.
func Sending() Work[Order] { return Work[Order]{Run, 1500 * time.Millisecond} }

// Child is the whole of a process that makes a load: it reads an order, one line of
// JSON, and writes what the run tells, one line of JSON each. Whatever comes on in
// after the order stops the run, and so does the end of in: a dead agent leaves no load
// behind. Where in has ended and the run does not come to its end, kill ends the process:
// nobody may be reading what it says.
func (w Work[O]) Child(ctx context.Context, in io.Reader, out io.Writer, kill func()) error {
	says := json.NewEncoder(out)
	r := bufio.NewReader(in)
	var o O
	text, err := readLine(r)
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		err = invalid("the order cannot be read: %v", err)
		return errors.Join(err, says.Encode(line{Error: ops.AsError(err)}))
	}
	ctx, stop := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		_, err := r.ReadByte() // a word or the end: both mean stop
		stop(errStopped)
		for err == nil {
			_, err = r.ReadByte()
		}
		select {
		case <-ended:
		case <-time.After(w.PutOff):
			kill()
		}
	}()
	run, err := w.Run(ctx, o, func(t ops.LoadTick) {
		if err := says.Encode(line{Tick: &t}); err != nil {
			stop(fmt.Errorf("nobody listens: %w", err))
		}
	})
	if err != nil {
		return errors.Join(err, says.Encode(line{Error: ops.AsError(err)}))
	}
	return says.Encode(line{Run: &run})
}

// readLine reads the first line, within its bound.
func readLine(r *bufio.Reader) ([]byte, error) {
	var all []byte
	for {
		part, err := r.ReadSlice('\n')
		if all = append(all, part...); err != bufio.ErrBufferFull || len(all) > mostOrder {
			return all, err
		}
	}
}

// ErrNoResult is how a run ends whose process died.
var ErrNoResult = ops.Errorf(ops.CodeUnanswered, "the load's process ended without a result")

// command starts a child's run over a connection to it. Write a line to the child after
// that, or close it, to stop it.
func command(child io.Writer, order any) error {
	text, err := json.Marshal(order)
	if err != nil {
		return fmt.Errorf("write order: %w", err)
	}
	if _, err := child.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("order a load: %w", err)
	}
	return nil
}

// listen passes on what a child tells of its run, and returns its end.
func listen(child io.Reader, each func(ops.LoadTick)) (ops.LoadRun, error) {
	for said := json.NewDecoder(child); ; {
		var l line
		switch err := said.Decode(&l); {
		case errors.Is(err, io.EOF):
			return ops.LoadRun{}, ErrNoResult
		case err != nil:
			return ops.LoadRun{}, fmt.Errorf("read from the load's process: %w", err)
		case l.Error != nil:
			return ops.LoadRun{}, l.Error
		case l.Run != nil:
			return *l.Run, nil
		case l.Tick != nil:
			each(*l.Tick)
		}
	}
}
