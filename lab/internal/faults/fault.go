// Package faults breaks the lab in ways that happen, and mends it again. One
// fault is one small file; table.go lists them.
package faults

import (
	"context"
	"fmt"

	"github.com/moby/moby/client"

	"opsdeck/lab/internal/engine"
	"opsdeck/lab/internal/layout"
)

// Lab is what a fault may touch.
type Lab struct {
	Layout  layout.Layout
	Program string // the lab's own program, which holds sessions
}

// Fault is one way to break the lab. Apply on a broken lab and Heal on a whole
// one do nothing: both are asked for again and again.
type Fault struct {
	Name  string
	Line  string // one line for `lab faults`
	Apply func(ctx context.Context, lab Lab) error
	Heal  func(ctx context.Context, lab Lab) error
}

// Find gives the fault of that name.
func Find(name string) (Fault, error) {
	for _, f := range Table() {
		if f.Name == name {
			return f, nil
		}
	}
	return Fault{}, fmt.Errorf("no fault named %q: `lab faults` lists them", name)
}

// docker connects to the daemon that holds the lab's containers.
func (lab Lab) docker(ctx context.Context) (*client.Client, error) {
	e, err := engine.Known(ctx, lab.Layout)
	if err != nil {
		return nil, fmt.Errorf("reach the lab's Docker daemon: %w (`lab up` first)", err)
	}
	return e.Client, nil
}
