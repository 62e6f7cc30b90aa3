package load

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"opsdeck/ops"
)

// Process is a connection to a child that makes a load.
type Process interface {
	io.ReadWriteCloser
	// Process identifies it.
	Process() (ops.Process, error)
}

// LastWords is how long a child may take to its end that sends requests itself, once it
// was told to stop.
const LastWords = 5 * time.Second

// Children make loads, each run in a child of its own, which stops when this process ends.
type Children struct {
	Argv  []string // of the child
	Start func() (Process, error)
	// Secret makes digests of orders that nobody can guess against: an order may hold a
	// token.
	Secret []byte
	// LastWords is how long a child that was told to stop may take to say what it measured.
	LastWords time.Duration
}

// digest tells two orders apart.
func (c Children) digest(order any) (ops.Text, error) {
	text, err := json.Marshal(order)
	if err != nil {
		return ops.Text{}, fmt.Errorf("write order: %w", err)
	}
	h := hmac.New(sha256.New, c.Secret)
	h.Write(text)
	return ops.Clean(hex.EncodeToString(h.Sum(nil)[:16])), nil
}

// Step is the first step of a plan: the child, and the digest of its order.
func (c Children) Step(s ops.LoadScenario, order any) (ops.Step, error) {
	digest, err := c.digest(order)
	if err != nil {
		return ops.Step{}, err
	}
	argv, err := ops.Argv(c.Argv...)
	return ops.Step{How: ops.StepExec, Argv: argv, On: []ops.Text{s.Name, digest}, Note: ops.Lit("ends with the agent")}, err
}

// Run has a child carry out an order, as a plan that begins with its Step says. The end of
// ctx stops it, and its cause is why; when Run returns, the child has ended.
func (c Children) Run(ctx context.Context, s ops.LoadScenario, order any, steps []ops.Step, began func(ops.Process), each func(ops.LoadTick)) (ops.LoadRun, error) {
	digest, err := c.digest(order)
	if err != nil {
		return ops.LoadRun{}, err
	}
	if len(steps) == 0 || !slices.Equal(steps[0].On, []ops.Text{s.Name, digest}) {
		return ops.LoadRun{}, ops.Errorf(ops.CodeChanged, "what %s sends has changed since it was planned", s.Name).Help("plan it again")
	}
	child, err := c.Start()
	if err != nil {
		return ops.LoadRun{}, err
	}
	defer child.Close() //nolint:errcheck // it has ended, or is ended here
	if p, err := child.Process(); err == nil {
		began(p)
	}
	over, ordered := make(chan struct{}), make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-over:
			return
		case <-ctx.Done():
		}
		late := time.After(c.LastWords)
		select { // a word before the order would be taken for it
		case <-ordered:
			_, _ = child.Write([]byte("\n")) // a child that has ended cannot be stopped
		case <-late:
			_ = child.Close() // command sees its end
			return
		case <-over:
			return
		}
		select {
		case <-over:
		case <-late:
			_ = child.Close() // listen sees its end
		}
	}()
	if err := command(child, order); err != nil {
		return ops.LoadRun{}, err
	}
	close(ordered)
	run, err := listen(child, each)
	if why := context.Cause(ctx); why != nil && run.End == ops.LoadEndStopped {
		run.Why = ops.Clean(why.Error())
		if errors.Is(why, context.Canceled) {
			run.Why = ops.Lit("it was canceled")
		}
	}
	return run, err
}
