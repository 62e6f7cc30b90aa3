//go:build lab

// Package dockertest gives tests containers of their own on a real daemon.
package dockertest

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// Image is the image that Prepare makes; its entrypoint is the probe.
const Image = "opsdeck-test-probe"

// Host returns the address of the lab's daemon; without one the test fails.
func Host(t *testing.T) string {
	t.Helper()
	host := os.Getenv("OPSDECK_LAB_DOCKER_HOST")
	if host == "" {
		t.Fatal("OPSDECK_LAB_DOCKER_HOST is not set: start the lab and take its env")
	}
	return host
}

// Prepare builds the probe and imports it as Image.
func Prepare(t *testing.T, cl *client.Client) {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	bin := filepath.Join(t.TempDir(), "probe")
	build := exec.Command("go", "build", "-tags", "lab", "-o", bin, "./probe")
	build.Dir = filepath.Dir(file)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build probe: %v\n%s", err, out)
	}
	program, err := os.ReadFile(bin)
	if err != nil {
		t.Fatal(err)
	}
	var image bytes.Buffer
	w := tar.NewWriter(&image)
	if err := w.WriteHeader(&tar.Header{Name: "probe", Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(program); err != nil {
		t.Fatal(err)
	}
	// By this name the probe is a shell that says what it was told.
	if err := w.WriteHeader(&tar.Header{Name: "bin/sh", Typeflag: tar.TypeSymlink, Linkname: "/probe", Mode: 0o777}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	res, err := cl.ImageImport(t.Context(), client.ImageImportSource{Source: &image, SourceName: "-"}, Image,
		client.ImageImportOptions{Changes: []string{`ENTRYPOINT ["/probe"]`}})
	if err != nil {
		t.Fatalf("import probe image: %v", err)
	}
	defer res.Close()
	if _, err := io.Copy(io.Discard, res); err != nil {
		t.Fatal(err)
	}
}

// Name returns a container name that no other test has.
func Name(what string) string {
	return "opsdeck-test-" + what + "-" + strings.ToLower(rand.Text()[:8])
}

// Create makes a container that is removed with the test.
func Create(t *testing.T, cl *client.Client, name string, cfg container.Config, host container.HostConfig) string {
	t.Helper()
	cfg.Image = Image
	if host.NetworkMode == "" {
		host.NetworkMode = "none"
	}
	res, err := cl.ContainerCreate(t.Context(), client.ContainerCreateOptions{Config: &cfg, HostConfig: &host, Name: name})
	if err != nil {
		t.Fatalf("create %s: %v", name, err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_, _ = cl.ContainerRemove(ctx, res.ID, client.ContainerRemoveOptions{Force: true})
	})
	return res.ID
}

// Start starts a container.
func Start(t *testing.T, cl *client.Client, id string) {
	t.Helper()
	if _, err := cl.ContainerStart(t.Context(), id, client.ContainerStartOptions{}); err != nil {
		t.Fatalf("start: %v", err)
	}
}

// Until polls a claim until it holds.
func Until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	const patience = time.Minute // machines that test are busy
	end := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", patience, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
