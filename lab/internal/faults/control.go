package faults

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"opsdeck/lab/internal/stack"
	"opsdeck/lab/internal/svc"
)

// service is a fault that lies in what one service is told: set breaks it,
// clear mends it, and what other faults told it stays.
func service(name, line, target string, set, clear func(*svc.Control)) Fault {
	edit := func(change func(*svc.Control)) func(context.Context, Lab) error {
		return func(ctx context.Context, lab Lab) error {
			c, err := lab.docker(ctx)
			if err != nil {
				return err
			}
			return editControl(ctx, c, target, change)
		}
	}
	return Fault{Name: name, Line: line, Apply: edit(set), Heal: edit(clear)}
}

// Behave takes back what any fault told the services. What they were told lies in
// their volumes, and outlives a lab that was broken off.
func Behave(ctx context.Context, c *client.Client) error {
	var errs []error
	for _, name := range stack.Services() {
		errs = append(errs, editControl(ctx, c, name, func(ctl *svc.Control) { *ctl = svc.Control{} }))
	}
	return errors.Join(errs...)
}

// editControl changes a service's control file in its volume, through the
// daemon: this works with a stopped container and with a remote daemon. A
// change that changes nothing writes nothing.
func editControl(ctx context.Context, c *client.Client, service string, change func(*svc.Control)) error {
	before, err := readControl(ctx, c, service)
	if err != nil {
		return err
	}
	after := before
	change(&after)
	if after == before {
		return nil
	}
	data, err := json.Marshal(after)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	hdr := &tar.Header{Name: path.Base(svc.ControlFile(service)), Mode: 0o644, Size: int64(len(data)), Typeflag: tar.TypeReg}
	if err := tw.WriteHeader(hdr); err != nil {
		return err
	}
	if _, err := tw.Write(data); err != nil {
		return err
	}
	if err := tw.Close(); err != nil {
		return err
	}
	_, err = c.CopyToContainer(ctx, service, client.CopyToContainerOptions{DestinationPath: svc.ControlDir, Content: &buf})
	if err != nil {
		return fmt.Errorf("write control file of %s: %w", service, err)
	}
	return nil
}

func readControl(ctx context.Context, c *client.Client, service string) (svc.Control, error) {
	var ctl svc.Control
	res, err := c.CopyFromContainer(ctx, service, client.CopyFromContainerOptions{SourcePath: svc.ControlFile(service)})
	if errdefs.IsNotFound(err) {
		// No file yet, or no container: then writing says so.
		return ctl, nil
	}
	if err != nil {
		return ctl, fmt.Errorf("read control file of %s: %w", service, err)
	}
	defer res.Content.Close() //nolint:errcheck // read only
	tr := tar.NewReader(res.Content)
	if _, err := tr.Next(); err != nil {
		return ctl, fmt.Errorf("read control file of %s: %w", service, err)
	}
	if err := json.NewDecoder(tr).Decode(&ctl); err != nil {
		// A damaged file means "behave" to the service, so to us as well.
		return svc.Control{}, nil
	}
	return ctl, nil
}
