// Package layout says where the lab keeps things: the state folder, what lies
// in it, and the ports.
package layout

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// Host is the only address the lab listens on.
const Host = "127.0.0.1"

// EnvState names the variable that moves the state folder.
const EnvState = "OPSDECK_LAB_STATE"

// maxStateForSockets is the longest state path whose sockets still fit in a
// unix socket address (108 bytes, of which libnetwork takes about 50).
const maxStateForSockets = 48

// Layout is one state folder.
type Layout struct {
	State string
}

// FromEnvironment picks the state folder: OPSDECK_LAB_STATE, else
// /var/lib/opsdeck-lab for root, else the user's XDG state folder.
func FromEnvironment() (Layout, error) {
	dir, err := stateDir()
	if err != nil {
		return Layout{}, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Layout{}, fmt.Errorf("state folder %s: %w", dir, err)
	}
	return Layout{State: abs}, nil
}

func stateDir() (string, error) {
	if dir := os.Getenv(EnvState); dir != "" {
		return dir, nil
	}
	if os.Geteuid() == 0 {
		return "/var/lib/opsdeck-lab", nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "opsdeck-lab"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no state folder: %w (set %s)", err, EnvState)
	}
	return filepath.Join(home, ".local", "state", "opsdeck-lab"), nil
}

// Create makes the state folder and the folders every part relies on. 0711 on
// the top lets the postgres user reach its data without reading the rest.
func (l Layout) Create() error {
	for _, dir := range []string{l.State, l.Path("log"), l.Path("pid"), l.Path("etc"), l.Path("sink"), l.Path("proxy"), l.RunDir()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("create state folder: %w", err)
		}
	}
	if err := os.Chmod(l.State, 0o711); err != nil {
		return fmt.Errorf("create state folder: %w", err)
	}
	return os.WriteFile(l.Marker(), []byte("opsdeck lab state folder; `lab down --purge` removes it\n"), 0o644)
}

// Path joins names below the state folder.
func (l Layout) Path(names ...string) string {
	return filepath.Join(append([]string{l.State}, names...)...)
}

// Marker is the file that shows a folder to be a lab's: purge removes nothing
// without it.
func (l Layout) Marker() string { return l.Path("opsdeck-lab.state") }

// Log is the file that takes a server's output.
func (l Layout) Log(name string) string { return l.Path("log", name+".log") }

// PidFile holds the identity of a server's process.
func (l Layout) PidFile(name string) string { return l.Path("pid", name+".json") }

// Estate is the estate file that the console is started with.
func (l Layout) Estate() string { return l.Path("estate.yaml") }

// PgPass is the password file (libpq format) of the lab's PostgreSQL.
func (l Layout) PgPass() string { return l.Path("pgpass") }

// RunDir holds the sockets. A long state path gets a short folder elsewhere,
// because a unix socket address ends after 108 bytes.
func (l Layout) RunDir() string {
	if len(l.State) <= maxStateForSockets {
		return l.Path("run")
	}
	sum := sha256.Sum256([]byte(l.State))
	return fmt.Sprintf("/tmp/opsdeck-lab-%d-%s", os.Geteuid(), hex.EncodeToString(sum[:4]))
}

// DockerSocket is the socket of the lab's own Docker daemon.
func (l Layout) DockerSocket() string { return filepath.Join(l.RunDir(), "docker.sock") }

// Addr is host:port of a lab port.
func Addr(port int) string { return net.JoinHostPort(Host, strconv.Itoa(port)) }

// URL is the http address of a lab port.
func URL(port int) string { return "http://" + Addr(port) }

// PostgresDSN connects as superuser; the password comes from the pgpass file,
// so the string may be printed.
func (l Layout) PostgresDSN() string {
	return fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable&passfile=%s", Addr(PortPostgres), l.PgPass())
}
