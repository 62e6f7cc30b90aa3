package docker

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"opsdeck/ops"
)

// ssh gives up after sshConnect, and on a connection that no longer answers after
// twice sshAlive: a stream of events carries no deadline of its own.
const (
	sshConnect = 10 * time.Second
	sshAlive   = 5 * time.Second
)

// tunnel returns a dial function over ssh: the docker command on the other side
// connects its input and output with the daemon's socket there.
func (a Address) tunnel(u *url.URL) (func(context.Context, string, string) (net.Conn, error), error) {
	argv, err := sshArgv(u)
	if err != nil {
		return nil, err
	}
	if a.Tunnel == nil {
		return nil, ops.Errorf(ops.CodeInvalid, "ssh:// cannot be used here")
	}
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		conn, err := a.Tunnel(argv)
		if err != nil {
			return nil, &tunnelError{cause: err}
		}
		return tunnelled{conn}, nil
	}, nil
}

// sshArgv is the command of a tunnel. Nobody is asked anything: there is nobody.
func sshArgv(u *url.URL) ([]string, error) {
	host, user := u.Hostname(), u.User.Username()
	// What begins with a dash would be an option to ssh.
	if host == "" || strings.HasPrefix(host, "-") || strings.HasPrefix(user, "-") || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, ops.Errorf(ops.CodeInvalid, "the docker host is not an address that ssh can use").Help("write ssh://user@host or ssh://user@host:port")
	}
	argv := []string{"ssh", "-T", "-o", "BatchMode=yes", "-o", fmt.Sprintf("ConnectTimeout=%d", int(sshConnect.Seconds())),
		"-o", fmt.Sprintf("ServerAliveInterval=%d", int(sshAlive.Seconds())), "-o", "ServerAliveCountMax=2"}
	if user != "" {
		argv = append(argv, "-l", user)
	}
	if p := u.Port(); p != "" {
		argv = append(argv, "-p", p)
	}
	return append(argv, "--", host, "docker", "system", "dial-stdio"), nil
}

// tunnelled marks the errors of a tunnel, so that explain knows them among those
// of HTTP.
type tunnelled struct{ net.Conn }

func (t tunnelled) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	return n, markTunnel(err)
}

func (t tunnelled) Write(b []byte) (int, error) {
	n, err := t.Conn.Write(b)
	return n, markTunnel(err)
}

// markTunnel leaves the plain end of a stream as it is: that is the daemon's.
func markTunnel(err error) error {
	if ended, ok := errors.AsType[interface {
		error
		Words() string
	}](err); ok {
		return &tunnelError{cause: err, said: ended.Words()}
	}
	return err
}

// tunnelError is what went wrong with a tunnel itself.
type tunnelError struct {
	cause error
	said  string // by ssh, or by the docker command over there
}

func (e *tunnelError) Error() string { return e.cause.Error() }

// explainTunnel puts the words of ssh into a cause and a remedy.
func (c *Collector) explainTunnel(e *tunnelError) error {
	host := c.cfg.Host
	lines := strings.Split(strings.TrimSpace(e.said), "\n")
	last := lines[len(lines)-1]
	has := func(words string) bool { return strings.Contains(strings.ToLower(e.said), words) }
	switch {
	case has("docker daemon socket") && has("permission denied"):
		return ops.Errorf(ops.CodeDenied, "connect to %s: the daemon there lets this user not in", host).
			Help("put the user of the ssh login into the group docker over there")
	case has("permission denied"):
		return ops.Errorf(ops.CodeDenied, "connect to %s: ssh is turned down: %s", host, last).
			Help("give the user who runs the agent a key without passphrase, or an ssh agent, for that host")
	case has("host key verification failed"):
		return ops.Errorf(ops.CodeDenied, "connect to %s: its host key is not known, or is another one than before", host).
			Help("log in there once by hand as the user who runs the agent, and compare the key")
	case has("command not found"), has("no such file"):
		return ops.Errorf(ops.CodeUnavailable, "connect to %s: %s", host, last).Help("install the docker command over there: it is what ssh runs")
	case has("timed out"), has("timeout"), has("not responding"):
		return fmt.Errorf("connect to %s: %s: %w", host, last, context.DeadlineExceeded)
	case e.said == "":
		return ops.Errorf(ops.CodeUnavailable, "connect to %s: %v", host, e.cause)
	}
	return ops.Errorf(ops.CodeUnavailable, "connect to %s: %s", host, last)
}

// explainTLS returns an error of TLS in words, or nil where err is none.
func (c *Collector) explainTLS(err error) error {
	host, words := c.cfg.Host, err.Error()
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &unknown):
		return ops.Errorf(ops.CodeDenied, "connect to %s: nobody we trust has signed its certificate", host).Help("name its authority in tls_config: ca_file")
	case errors.As(err, &name):
		return ops.Errorf(ops.CodeDenied, "connect to %s: its certificate is for another name", host).Help("write the name it is for into tls_config: server_name")
	case errors.As(err, &invalid):
		return ops.Errorf(ops.CodeDenied, "connect to %s: its certificate does not hold: %v", host, invalid)
	case strings.Contains(words, "client authentication"), strings.Contains(words, "certificate required"), strings.Contains(words, "tls: bad certificate"):
		return ops.Errorf(ops.CodeDenied, "connect to %s: it does not take our certificate, or wants one", host).Help("tls_config: cert_file and key_file, signed by the daemon's --tlscacert")
	case strings.Contains(words, "HTTP request to an HTTPS server"), strings.Contains(words, "TLS-enabled daemon without TLS"):
		return ops.Errorf(ops.CodeInvalid, "connect to %s: it speaks TLS, and we do not", host).Help("add tls_config with ca_file, cert_file and key_file")
	case strings.Contains(words, "server gave HTTP response to HTTPS client"), strings.Contains(words, "first record does not look like a TLS handshake"):
		return ops.Errorf(ops.CodeInvalid, "connect to %s: it does not speak TLS, and whoever reaches it is root there", host).Help("start dockerd with --tlsverify")
	}
	return nil
}
