package servers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"strings"
	"time"

	"opsdeck/lab/internal/layout"
)

// privsep is the empty folder that root's sshd locks itself into. Debian's own
// service makes it when it starts, and the lab does not start that.
const privsep = "/run/sshd"

// sshd is a real OpenSSH server for the console's way from a bastion: its own
// keys, nobody but this user, no passwords, nothing of /etc/ssh. Clients may set
// opsdeck's own variables, so that a test has folders of its own at the far side.
func sshd() Server {
	return Server{
		Name: "sshd", Program: "/usr/sbin/sshd", Port: layout.PortSSH,
		Prepare: prepareSSH,
		Args: func(l layout.Layout) ([]string, []string, error) {
			return []string{"-D", "-e", "-f", l.Path("ssh", "sshd_config")}, nil, nil
		},
		Ready: sshReady,
	}
}

// prepareSSH makes the keys once and writes the settings every time.
func prepareSSH(ctx context.Context, l layout.Layout) error {
	if err := os.MkdirAll(l.Path("ssh"), 0o700); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		if err := os.MkdirAll(privsep, 0o755); err != nil {
			return err
		}
	}
	for _, name := range []string{"host_key", "id"} {
		if err := makeKey(ctx, l.Path("ssh", name)); err != nil {
			return err
		}
	}
	public, err := os.ReadFile(l.Path("ssh", "id.pub"))
	if err != nil {
		return err
	}
	host, err := os.ReadFile(l.Path("ssh", "host_key.pub"))
	if err != nil {
		return err
	}
	me, err := user.Current()
	if err != nil {
		return err
	}
	known := fmt.Sprintf("[%s]:%d %s", layout.Host, layout.PortSSH, host)
	for _, f := range []struct{ name, text string }{
		{"authorized_keys", string(public)},
		{"known_hosts", known},
		{"sshd_config", sshdConfig(l, me.Username)},
		{"config", sshConfig(l, me.Username)},
	} {
		if err := os.WriteFile(l.Path("ssh", f.name), []byte(f.text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func makeKey(ctx context.Context, path string) error {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	out, err := exec.CommandContext(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "opsdeck lab", "-f", path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("make an ssh key: %w: %s", err, out)
	}
	return nil
}

// sshdConfig: authorized_keys_test is for keys of a test's own, with commands of
// their own. Modes are not checked, because the state folder may lie in /tmp.
func sshdConfig(l layout.Layout, me string) string {
	return fmt.Sprintf(`ListenAddress %s
HostKey %s
AuthorizedKeysFile %s %s
AllowUsers %s
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile none
PrintMotd no
MaxStartups 100
AcceptEnv LANG LC_* XDG_* OPSDECK_*
Subsystem sftp internal-sftp
`, layout.Addr(layout.PortSSH), l.Path("ssh", "host_key"), l.Path("ssh", "authorized_keys"), l.Path("ssh", "authorized_keys_test"), me)
}

// sshConfig is for ssh -F: the host "lab", by the lab's key alone.
func sshConfig(l layout.Layout, me string) string {
	return fmt.Sprintf(`Host lab
  HostName %s
  Port %d
  User %s
  IdentityFile %s
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile %s
  StrictHostKeyChecking yes
`, layout.Host, layout.PortSSH, me, l.Path("ssh", "id"), l.Path("ssh", "known_hosts"))
}

// sshReady reads the line with which every ssh server begins.
func sshReady(ctx context.Context, _ layout.Layout) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", layout.Addr(layout.PortSSH))
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing to lose
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "SSH-2.0-") {
		return fmt.Errorf("sshd answers %q", line)
	}
	return nil
}
