// Package engine finds a Docker daemon for the lab or starts its own.
package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"opsdeck/lab/internal/layout"
)

// SystemSocket is where a machine's own daemon listens.
const SystemSocket = "unix:///var/run/docker.sock"

// ErrNoContainers says that no container can run here at all; the text says
// what to do.
var ErrNoContainers = errors.New("no container can be started here")

// Engine is a daemon that answers.
type Engine struct {
	Host    string // as DOCKER_HOST would name it
	Own     bool   // started by the lab
	Version string
	Notes   []string // what had to be done to get it
	Client  *client.Client
}

// choice is what engine.json remembers, so that down, fault and env talk to
// the daemon that up chose, whatever the environment says by then.
type choice struct {
	Host string `json:"host"`
	Own  bool   `json:"own"`
}

// Up gives a running daemon: the one of DOCKER_HOST, else the machine's, else
// the lab's own, started when needed.
func Up(ctx context.Context, l layout.Layout) (*Engine, error) {
	own := "unix://" + l.DockerSocket()
	if before, ok := remembered(l); ok && !before.Own {
		if e, err := Connect(ctx, before.Host, false); err == nil {
			return e, nil
		}
	}
	if host := os.Getenv("DOCKER_HOST"); host != "" && host != own {
		e, err := Connect(ctx, host, false)
		if err != nil {
			return nil, fmt.Errorf("DOCKER_HOST=%s does not answer: %w (unset it to let the lab choose)", host, err)
		}
		return e, remember(l, e)
	}
	if !ownExists(l) {
		e, err := Connect(ctx, SystemSocket, false)
		if err == nil {
			return e, remember(l, e)
		}
		if errors.Is(err, os.ErrPermission) && os.Geteuid() != 0 {
			return nil, fmt.Errorf("%w: %s refuses you. Join the group docker (sudo usermod -aG docker $USER, log in again) or run the lab with sudo",
				ErrNoContainers, strings.TrimPrefix(SystemSocket, "unix://"))
		}
	}
	e, err := startOwn(ctx, l)
	if err != nil {
		return nil, err
	}
	return e, remember(l, e)
}

// Known connects to the daemon that `lab up` chose.
func Known(ctx context.Context, l layout.Layout) (*Engine, error) {
	c, ok := remembered(l)
	if !ok {
		return nil, errors.New("no Docker daemon was chosen yet: run `lab up` first")
	}
	return Connect(ctx, c.Host, c.Own)
}

// Host is the daemon that `lab up` chose, or would use by itself.
func Host(l layout.Layout) string {
	if c, ok := remembered(l); ok {
		return c.Host
	}
	return "unix://" + l.DockerSocket()
}

// Connect asks the daemon for its version. The socket is tried first, because
// the client's error hides why a socket cannot be opened.
func Connect(ctx context.Context, host string, own bool) (*Engine, error) {
	if path, ok := strings.CutPrefix(host, "unix://"); ok {
		conn, err := net.DialTimeout("unix", path, 2*time.Second)
		if err != nil {
			return nil, err
		}
		_ = conn.Close()
	}
	c, err := client.New(client.FromEnv, client.WithHost(host))
	if err != nil {
		return nil, fmt.Errorf("docker client: %w", err)
	}
	ask, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	v, err := c.ServerVersion(ask, client.ServerVersionOptions{})
	if err != nil {
		return nil, fmt.Errorf("docker version: %w", err)
	}
	return &Engine{Host: host, Own: own, Version: v.Version, Client: c}, nil
}

func remembered(l layout.Layout) (choice, bool) {
	var c choice
	data, err := os.ReadFile(l.Path("engine.json"))
	if err != nil || json.Unmarshal(data, &c) != nil || c.Host == "" {
		return choice{}, false
	}
	return c, true
}

func remember(l layout.Layout, e *Engine) error {
	data, err := json.Marshal(choice{Host: e.Host, Own: e.Own})
	if err != nil {
		return err
	}
	return os.WriteFile(l.Path("engine.json"), append(data, '\n'), 0o644)
}

// ping asks the daemon's socket directly; cheap enough to poll.
func ping(ctx context.Context, socket string) error {
	hc := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
	}, Timeout: 2 * time.Second}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/_ping", nil)
	if err != nil {
		return err
	}
	resp, err := hc.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("docker answers %s", resp.Status)
	}
	return nil
}
