package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/collectors/docker"
)

// What the bench makes on the lab's daemon, and how it finds it again.
const (
	prefix = "opsdeck-bench-"
	label  = "opsdeck.bench"
	image  = "opsdeck-bench"
)

// hands is how many containers are made or removed at the same time.
const hands = 4

// crowd is the containers that the bench has made.
type crowd struct {
	cl    *client.Client
	names []string
}

// newCrowd connects, removes what a killed run left behind, and makes the image.
func newCrowd(ctx context.Context, host, bin string) (*crowd, error) {
	cl, err := docker.Dial(docker.Address{Host: host})
	if err != nil {
		return nil, err
	}
	c := &crowd{cl: cl.Client}
	if err := c.remove(ctx); err != nil {
		return nil, err
	}
	return c, c.importImage(ctx, filepath.Join(bin, "bench-hold"))
}

func (c *crowd) importImage(ctx context.Context, path string) error {
	program, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	err = w.WriteHeader(&tar.Header{Name: "hold", Mode: 0o755, Size: int64(len(program))})
	if err == nil {
		_, err = w.Write(program)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	res, err := c.cl.ImageImport(ctx, client.ImageImportSource{Source: &files, SourceName: "-"}, image,
		client.ImageImportOptions{Changes: []string{`ENTRYPOINT ["/hold"]`, "LABEL " + label + "=1"}})
	if err != nil {
		return fmt.Errorf("make the image of the containers: %w", err)
	}
	_, err = io.Copy(io.Discard, res)
	return errors.Join(err, res.Close())
}

// grow makes containers until there are n.
func (c *crowd) grow(ctx context.Context, n int) error {
	var names []string
	for i := len(c.names); i < n; i++ {
		names = append(names, fmt.Sprintf("%s%03d", prefix, i))
	}
	err := each(names, func(name string) error {
		made, err := c.cl.ContainerCreate(ctx, client.ContainerCreateOptions{Name: name,
			Config:     &container.Config{Image: image, Labels: map[string]string{label: "1"}},
			HostConfig: &container.HostConfig{NetworkMode: "none", Resources: container.Resources{Memory: 32 << 20}}})
		if err == nil {
			_, err = c.cl.ContainerStart(ctx, made.ID, client.ContainerStartOptions{})
		}
		if err != nil {
			return fmt.Errorf("make %s: %w", name, err)
		}
		return nil
	})
	c.names = append(c.names, names...)
	return err
}

// running are the names of the containers that the daemon runs, ours and others.
func (c *crowd) running(ctx context.Context) ([]string, error) {
	list, err := c.cl.ContainerList(ctx, client.ContainerListOptions{})
	var names []string
	for _, i := range list.Items {
		for _, n := range i.Names {
			names = append(names, strings.TrimPrefix(n, "/"))
		}
	}
	return names, err
}

// remove takes everything away that bears our label.
func (c *crowd) remove(ctx context.Context) error {
	mine := client.Filters{}.Add("label", label+"=1")
	list, err := c.cl.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: mine})
	if err != nil {
		return fmt.Errorf("list the bench's containers: %w", err)
	}
	var ids []string
	for _, i := range list.Items {
		ids = append(ids, i.ID)
	}
	err = each(ids, func(id string) error {
		_, err := c.cl.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true})
		return err
	})
	images, ierr := c.cl.ImageList(ctx, client.ImageListOptions{Filters: mine})
	for _, i := range images.Items {
		_, rerr := c.cl.ImageRemove(ctx, i.ID, client.ImageRemoveOptions{Force: true})
		ierr = errors.Join(ierr, rerr)
	}
	c.names = nil
	return errors.Join(err, ierr)
}

// close removes everything, also when the run was interrupted.
func (c *crowd) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	return errors.Join(c.remove(ctx), c.cl.Close())
}

// each calls f for every one, a few at a time, and joins what went wrong.
func each(all []string, f func(string) error) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	turn := make(chan struct{}, hands)
	for _, one := range all {
		turn <- struct{}{}
		wg.Go(func() {
			err := f(one)
			<-turn
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
