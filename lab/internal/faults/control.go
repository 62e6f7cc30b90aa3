package faults

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path"

	"github.com/moby/moby/client"

	"opsdeck/lab/internal/svc"
)

// setControl writes a service's control file into its volume, through the
// daemon: this works with a stopped container and with a remote daemon.
func setControl(ctx context.Context, c *client.Client, service string, ctl svc.Control) error {
	data, err := json.Marshal(ctl)
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
