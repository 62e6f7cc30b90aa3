// Package docker reads one Docker daemon: its containers, their events, figures
// and logs. It speaks API 1.40 to 1.56, whichever the daemon offers.
package docker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// API is what the collector asks of a daemon. Daemon has it.
type API interface {
	Ping(ctx context.Context, o client.PingOptions) (client.PingResult, error)
	ServerVersion(ctx context.Context, o client.ServerVersionOptions) (client.ServerVersionResult, error)
	ContainerList(ctx context.Context, o client.ContainerListOptions) (client.ContainerListResult, error)
	ContainerInspect(ctx context.Context, id string, o client.ContainerInspectOptions) (client.ContainerInspectResult, error)
	ContainerStats(ctx context.Context, id string, o client.ContainerStatsOptions) (client.ContainerStatsResult, error)
	ContainerLogs(ctx context.Context, id string, o client.ContainerLogsOptions) (client.ContainerLogsResult, error)
	Events(ctx context.Context, o client.EventsListOptions) client.EventsResult
}

// dialTimeout bounds a connect that nobody bounds: log and event streams carry
// no deadline.
const dialTimeout = 10 * time.Second

// Address says where a daemon is and how it is reached.
type Address struct {
	Host string // unix:///path, tcp://host:port or ssh://[user@]host[:port]
	// TLS is how a tcp:// daemon is spoken to; nil: as the docker command would
	// (DOCKER_CERT_PATH, DOCKER_TLS_VERIFY), which is in clear where those are unset.
	TLS *tls.Config
	// Tunnel runs a program and returns a connection to its input and output. It is
	// what ssh:// needs: the system's ssh, with the keys and the configuration of the
	// user we run as.
	Tunnel func(argv []string) (net.Conn, error)
	// Clock hears every answer of the daemon; nil: nobody asks what time it is there.
	Clock *Clock
}

// Dial returns a client for the daemon at an address. It connects with the first
// call, and settles the API version then.
func Dial(a Address) (Daemon, error) {
	u, err := url.Parse(a.Host)
	if err != nil || u.Scheme != "unix" && u.Scheme != "tcp" && u.Scheme != "ssh" {
		// The error of url.Parse repeats the address, userinfo and all.
		return Daemon{}, ops.Errorf(ops.CodeInvalid, "the docker host is not an address this program can use").
			Help("write unix:///run/docker.sock, tcp://host:port or ssh://user@host")
	}
	if _, secret := u.User.Password(); secret || u.User != nil && u.Scheme != "ssh" {
		return Daemon{}, ops.Errorf(ops.CodeInvalid, "the docker host carries a user name or password").
			Help("docker knows none: use certificates (tls_config), a unix socket, or ssh://user@host with a key")
	}
	var opts []client.Opt
	host, dial := a.Host, dialer(u)
	switch {
	case u.Scheme == "ssh":
		if dial, err = a.tunnel(u); err != nil {
			return Daemon{}, err
		}
		// The name stands in the Host header only. The scheme has to be said: a cloned
		// transport has a TLS configuration, from which the client would take it.
		host = "http://docker.over.ssh"
		opts = append(opts, client.WithScheme("http"), client.WithHTTPClient(&http.Client{CheckRedirect: client.CheckRedirect, Transport: &http.Transport{
			// Each connection is a process here and a login there.
			MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute}}))
	case a.TLS != nil:
		opts = append(opts, client.WithHTTPClient(&http.Client{CheckRedirect: client.CheckRedirect, Transport: &http.Transport{TLSClientConfig: a.TLS}}))
	case u.Scheme == "tcp":
		opts = append(opts, client.WithTLSClientConfigFromEnv())
	}
	if a.TLS == nil && os.Getenv(client.EnvOverrideCertPath) == "" {
		dial = bounded(dial)
	}
	if a.Clock != nil {
		opts = append(opts, client.WithHTTPResponseHook(a.Clock.heard))
	}
	opts = append(opts, client.WithHost(host), client.WithDialContext(dial))
	cl, err := client.New(opts...)
	if err != nil {
		return Daemon{}, fmt.Errorf("make docker client: %w", err)
	}
	return Daemon{cl}, nil
}

// dialer returns a dial function whose errors keep their cause: moby's client
// replaces a refused or forbidden connect by a sentence, which nobody can ask
// with errors.Is.
func dialer(u *url.URL) func(context.Context, string, string) (net.Conn, error) {
	d := &net.Dialer{Timeout: dialTimeout}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if u.Scheme == "unix" {
			network, addr = "unix", u.Path
		}
		conn, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, &dialError{cause: err}
		}
		return conn, nil
	}
}

// dialError hides its cause from errors.Is on purpose (see dialer); explain
// takes it out again.
type dialError struct{ cause error }

func (e *dialError) Error() string { return "no connection" }

// explain turns an error of the client into one that tells its kind: denied, not
// found, silent (context.DeadlineExceeded) or refused (syscall.ECONNREFUSED).
func (c *Collector) explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	if told, ok := errors.AsType[*ops.Error](err); ok {
		return told
	}
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			return fmt.Errorf("%s: %w", doing, end)
		}
	}
	if d, ok := errors.AsType[*dialError](err); ok {
		return c.explainDial(d.cause)
	}
	if e, ok := errors.AsType[*tunnelError](err); ok {
		return c.explainTunnel(e)
	}
	if strings.HasPrefix(c.cfg.Host, "tcp:") {
		if e := c.explainTLS(err); e != nil {
			return e
		}
	}
	switch {
	case errdefs.IsNotFound(err):
		return ops.Errorf(ops.CodeNotFound, "%s: %s", doing, daemonWords(err))
	case errdefs.IsUnauthorized(err), errdefs.IsPermissionDenied(err):
		return ops.Errorf(ops.CodeDenied, "%s: %s", doing, daemonWords(err)).
			Help("an authorization plugin or proxy of this daemon turns us down")
	case strings.Contains(err.Error(), "client version"):
		// Negotiated once per client: a daemon replaced meanwhile may want another.
		return ops.Errorf(ops.CodeVersion, "%s: %s", doing, daemonWords(err)).
			Help("the daemon was replaced by one that speaks another API: start the agent again")
	}
	return fmt.Errorf("%s: %s", doing, daemonWords(err))
}

func (c *Collector) explainDial(cause error) error {
	host := c.cfg.Host
	switch {
	case errors.Is(cause, os.ErrPermission):
		return ops.Errorf(ops.CodeDenied, "connect to %s: permission denied", host).
			Help("this user is not in the group docker: usermod -aG docker USER, then log in again")
	case errors.Is(cause, os.ErrNotExist):
		return fmt.Errorf("connect to %s: no such socket, the daemon is not running: %w", host, syscall.ECONNREFUSED)
	case errors.Is(cause, syscall.ECONNREFUSED):
		return fmt.Errorf("connect to %s: the daemon is not running: %w", host, syscall.ECONNREFUSED)
	}
	if t, ok := errors.AsType[net.Error](cause); ok && t.Timeout() {
		return fmt.Errorf("connect to %s: %w", host, context.DeadlineExceeded)
	}
	return fmt.Errorf("connect to %s: %w", host, cause)
}

// daemonWords takes the request's URL and moby's preface off an error.
func daemonWords(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return ops.MaskSecrets(u.Err.Error())
	}
	return ops.MaskSecrets(strings.TrimPrefix(err.Error(), "Error response from daemon: "))
}
