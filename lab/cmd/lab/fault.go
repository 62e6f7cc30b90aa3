package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"opsdeck/lab/internal/faults"
	"opsdeck/lab/internal/layout"
)

// faultLimit is how long one fault, or mending one, may take.
const faultLimit = 2 * time.Minute

func fault(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("%w: lab fault NAME", errUsage)
	}
	f, err := faults.Find(args[0])
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return onLab(ctx, func(ctx context.Context, lab faults.Lab) error {
		ctx, cancel := context.WithTimeout(ctx, faultLimit)
		defer cancel()
		if err := f.Apply(ctx, lab); err != nil {
			return fmt.Errorf("fault %s: %w", f.Name, err)
		}
		_, err := fmt.Fprintf(out, "fault %s: %s\n", f.Name, f.Line)
		return err
	})
}

// heal mends one fault, or all of them; mending what is whole does no harm.
func heal(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("%w: lab heal NAME|all", errUsage)
	}
	list := faults.Table()
	if args[0] != "all" {
		f, err := faults.Find(args[0])
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		list = []faults.Fault{f}
	}
	return onLab(ctx, func(ctx context.Context, lab faults.Lab) error { return healEach(ctx, list, lab, out) })
}

func healEach(ctx context.Context, list []faults.Fault, lab faults.Lab, out io.Writer) error {
	var errs []error
	for _, f := range list {
		if err := healOne(ctx, f, lab); err != nil {
			errs = append(errs, fmt.Errorf("heal %s: %w", f.Name, err))
			continue
		}
		if _, err := fmt.Fprintf(out, "healed %s\n", f.Name); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

func healOne(ctx context.Context, f faults.Fault, lab faults.Lab) error {
	ctx, cancel := context.WithTimeout(ctx, faultLimit)
	defer cancel()
	return f.Heal(ctx, lab)
}

func onLab(ctx context.Context, do func(context.Context, faults.Lab) error) error {
	l, err := layout.FromEnvironment()
	if err != nil {
		return err
	}
	unlock, err := lock(ctx, l)
	if err != nil {
		return fmt.Errorf("%w (`lab up` first)", err)
	}
	defer unlock()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return do(ctx, faults.Lab{Layout: l, Program: self})
}

func listFaults(out io.Writer) error {
	for _, f := range faults.Table() {
		if _, err := fmt.Fprintf(out, "%-20s %s\n", f.Name, f.Line); err != nil {
			return err
		}
	}
	return nil
}
