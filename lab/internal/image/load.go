package image

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// HashLabel holds the digest of an image's inputs; an image whose label
// matches is not made again.
const HashLabel = "opsdeck.lab.inputs"

// Image is what one of the lab's images is made of.
type Image struct {
	Name       string // with tag
	Title      string
	Files      []File
	Entrypoint []string
	User       string
	Env        []string
	StandIn    bool
}

// config is the part of the image format that the lab needs.
type config struct {
	Created      string        `json:"created"`
	Architecture string        `json:"architecture"`
	OS           string        `json:"os"`
	Config       runtimeConfig `json:"config"`
	RootFS       rootFS        `json:"rootfs"`
	History      []history     `json:"history"`
}

type runtimeConfig struct {
	User       string            `json:"User,omitempty"`
	Env        []string          `json:"Env,omitempty"`
	Entrypoint []string          `json:"Entrypoint"`
	Labels     map[string]string `json:"Labels"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

type history struct {
	Created   string `json:"created"`
	CreatedBy string `json:"created_by"`
}

// Ensure loads the image unless the daemon has it from the same inputs. It
// tells whether it had to.
func (im Image) Ensure(ctx context.Context, c *client.Client, scratch string) (bool, error) {
	want, err := im.inputs()
	if err != nil {
		return false, fmt.Errorf("image %s: %w", im.Name, err)
	}
	have, err := c.ImageInspect(ctx, im.Name)
	if err != nil && !errdefs.IsNotFound(err) {
		return false, fmt.Errorf("image %s: %w", im.Name, err)
	}
	if err == nil && have.Config != nil && have.Config.Labels[HashLabel] == want {
		return false, nil
	}
	if err := im.load(ctx, c, scratch, want); err != nil {
		return false, fmt.Errorf("image %s: %w", im.Name, err)
	}
	return true, nil
}

func (im Image) inputs() (string, error) {
	files, err := digest(im.Files)
	if err != nil {
		return "", err
	}
	rest, err := json.Marshal([]any{im.Name, im.Title, im.Entrypoint, im.User, im.Env, im.StandIn})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append([]byte(files), rest...))
	return hex.EncodeToString(sum[:]), nil
}

// load sends the image in the format of `docker save`, which every daemon
// reads. The layer goes to a file first: its digest stands in front of it.
func (im Image) load(ctx context.Context, c *client.Client, scratch, inputs string) error {
	layer, err := os.CreateTemp(scratch, "layer-*.tar")
	if err != nil {
		return err
	}
	defer os.Remove(layer.Name()) //nolint:errcheck // a leftover is overwritten by nobody and purged with the state
	defer layer.Close()           //nolint:errcheck // temporary
	diffID, err := writeLayer(layer, im.Files)
	if err != nil {
		return err
	}
	conf, err := json.Marshal(im.config(diffID, inputs))
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(im.archive(w, conf, layer)) }()
	resp, err := c.ImageLoad(ctx, r, client.ImageLoadWithQuiet(true))
	if err != nil {
		return err
	}
	defer resp.Close() //nolint:errcheck // read to the end below
	return loadError(resp)
}

func (im Image) config(diffID, inputs string) config {
	labels := map[string]string{
		HashLabel: inputs, "opsdeck.lab": "1",
		"org.opencontainers.image.title": im.Title,
	}
	if im.StandIn {
		labels["opsdeck.lab.stand-in"] = "true"
	}
	const at = "2026-01-01T00:00:00Z"
	return config{
		Created: at, Architecture: runtime.GOARCH, OS: "linux",
		Config:  runtimeConfig{User: im.User, Env: im.Env, Entrypoint: im.Entrypoint, Labels: labels},
		RootFS:  rootFS{Type: "layers", DiffIDs: []string{diffID}},
		History: []history{{Created: at, CreatedBy: "opsdeck lab"}},
	}
}

func (im Image) archive(w io.Writer, conf []byte, layer *os.File) error {
	sum := sha256.Sum256(conf)
	confName := hex.EncodeToString(sum[:]) + ".json"
	manifest, err := json.Marshal([]map[string]any{{
		"Config": confName, "RepoTags": []string{im.Name}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return err
	}
	tw := tar.NewWriter(w)
	for _, f := range []File{{To: confName, Data: conf}, {To: "manifest.json", Data: manifest}} {
		if err := writeFile(tw, f); err != nil {
			return err
		}
	}
	if err := writeFile(tw, File{To: "layer.tar", From: layer.Name(), Mode: 0o644}); err != nil {
		return err
	}
	return tw.Close()
}

// loadError finds the error in the daemon's stream of messages; the status
// code was sent before it happened.
func loadError(r io.Reader) error {
	dec := json.NewDecoder(r)
	for {
		var msg struct {
			Error string `json:"error"`
		}
		err := dec.Decode(&msg)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the daemon's answer: %w", err)
		}
		if msg.Error != "" {
			return errors.New(msg.Error)
		}
	}
}
