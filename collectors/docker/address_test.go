package docker

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestTheCommandOfATunnelHoldsNoOptionOfSomebodyElse(t *testing.T) {
	for address, want := range map[string]string{
		"ssh://ops@far:2222": "-l ops -p 2222 -- far docker system dial-stdio",
		"ssh://far":          "-- far docker system dial-stdio",
		"ssh://[::1]:22":     "-p 22 -- ::1 docker system dial-stdio",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		argv, err := sshArgv(u)
		if got := strings.Join(argv, " "); err != nil || !strings.HasPrefix(got, "ssh -T -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5") || !strings.HasSuffix(got, want) {
			t.Errorf("%s: %q, %v", address, got, err)
		}
	}
	for _, address := range []string{"ssh://", "ssh://-oProxyCommand=x", "ssh://-l@far", "ssh://far/run/docker.sock", "ssh://far?x", "ssh://ana:hunter2@far"} {
		if _, err := Dial(Address{Host: address, Tunnel: nothingBehind}); ops.CodeOf(err) != ops.CodeInvalid || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func nothingBehind([]string) (net.Conn, error) { return nil, errors.New("not to be asked") }

// ended is a connection whose program said its last words and is gone.
type ended struct {
	net.Conn
	said string
}

func (e ended) Read([]byte) (int, error) { return 0, e.end() }
func (e ended) Write([]byte) (int, error) {
	return 0, e.end()
}

func (e ended) end() error {
	if e.said == "" {
		return io.EOF
	}
	return saidLast{e.said}
}

type saidLast struct{ said string }

func (s saidLast) Error() string { return "ssh: " + s.said }
func (s saidLast) Words() string { return s.said }

func TestWhatSSHSaysIsACauseAndARemedy(t *testing.T) {
	for said, want := range map[string]struct {
		code  ops.Code
		words string
	}{
		"Warning: x\nops@far: Permission denied (publickey).":                                      {ops.CodeDenied, "a key without passphrase"},
		"Host key verification failed.":                                                            {ops.CodeDenied, "log in there once by hand"},
		"bash: line 1: docker: command not found":                                                  {ops.CodeUnavailable, "install the docker command over there"},
		"permission denied while trying to connect to the Docker daemon socket at unix:///var/run": {ops.CodeDenied, "group docker over there"},
		"ssh: connect to host far port 22: Connection refused":                                     {ops.CodeUnavailable, "Connection refused"},
	} {
		here, there := net.Pipe()
		_ = there.Close()
		cl, err := Dial(Address{Host: "ssh://ops@far", Tunnel: func([]string) (net.Conn, error) { return ended{here, said}, nil }})
		if err != nil {
			t.Fatal(err)
		}
		c := New(Config{Name: "far", Host: "ssh://ops@far", Timeout: 5 * time.Second}, cl)
		_, err = c.Collect(t.Context())
		if ops.CodeOf(err) != want.code || err == nil || !strings.Contains(err.Error(), want.words) {
			t.Errorf("%q: %v: %v", said, ops.CodeOf(err), err)
		}
		_ = cl.Close()
	}
}

func TestATunnelThatDiesIsNoticedWithinTheTimeout(t *testing.T) {
	here, there := net.Pipe() // accepts and never answers, as a frozen line does
	defer there.Close()       //nolint:errcheck // a pipe in memory
	go func() { _, _ = io.Copy(io.Discard, there) }()
	cl, err := Dial(Address{Host: "ssh://far", Tunnel: func([]string) (net.Conn, error) { return here, nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close() //nolint:errcheck // nothing was written
	start := time.Now()
	_, err = New(Config{Name: "far", Host: "ssh://far", Timeout: 300 * time.Millisecond}, cl).Collect(t.Context())
	if err == nil || time.Since(start) > 10*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
}

func TestADaemonBehindTLSIsReadAndWhatIsWrongWithItIsSaid(t *testing.T) {
	srv := httptest.NewUnstartedServer(newFakeDaemon(t))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // its side of the refusals that are wanted
	srv.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	srv.StartTLS()
	defer srv.Close()
	host := "tcp://" + srv.Listener.Addr().String()
	known := x509.NewCertPool()
	known.AddCert(srv.Certificate())
	mine := srv.TLS.Certificates
	for name, tc := range map[string]struct {
		tls   *tls.Config
		words string
	}{
		"both sides are known":   {&tls.Config{RootCAs: known, Certificates: mine}, ""},
		"nobody signed it":       {&tls.Config{RootCAs: x509.NewCertPool(), Certificates: mine}, "ca_file"},
		"it is for another name": {&tls.Config{RootCAs: known, Certificates: mine, ServerName: "other.example"}, "server_name"},
		"it wants a certificate": {&tls.Config{RootCAs: known}, "cert_file and key_file"},
		"spoken to in clear":     {nil, "it speaks TLS, and we do not"},
	} {
		cl, err := Dial(Address{Host: host, TLS: tc.tls})
		if err != nil {
			t.Fatal(err)
		}
		_, err = New(Config{Name: "far", Host: host, Timeout: 5 * time.Second, Now: time.Now}, cl).Collect(t.Context())
		if (err == nil) != (tc.words == "") || err != nil && !strings.Contains(err.Error(), tc.words) {
			t.Errorf("%s: %v", name, err)
		}
		_ = cl.Close()
	}
}
