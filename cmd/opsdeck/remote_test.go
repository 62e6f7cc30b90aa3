package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"opsdeck/agent"
	"opsdeck/ops"
)

func TestSSHsCommandLineHoldsNothingThatCouldBeReadAsMore(t *testing.T) {
	a := &app{env: env("HOME", t.TempDir())}
	for _, host := range []string{"-oProxyCommand=id", "", "a b", "host;id", "$(id)", "host\nx", "'x'", "ana@-x y"} {
		if _, err := a.remoteTo(host, ""); exitOf(err) != exitUsage {
			t.Errorf("--on %q: %v", host, err)
		}
	}
	for _, host := range []string{"db1", "ana@db1.example.com", "ssh://ana@db1:2222", "[::1]", "ana@fe80::1%eth0"} {
		r, err := a.remoteTo(host, "shop; id")
		if err != nil {
			t.Errorf("--on %q: %v", host, err)
			continue
		}
		argv := r.command()
		if tail := argv[len(argv)-4:]; !slices.Equal(tail, []string{"--", host, "opsdeck", "proxy"}) {
			t.Errorf("ssh's command line ends with %q: the estate has to stay out of it", tail)
		}
		if slices.Contains(argv, "BatchMode=yes") {
			t.Error("the first line may ask for a password")
		}
		r.screen()
		if !slices.Contains(r.command(), "BatchMode=yes") {
			t.Error("with the screen in use nothing may be asked for")
		}
	}
}

func TestAShellThereIsALineOfItsOwn(t *testing.T) {
	a := &app{env: env("HOME", t.TempDir())}
	r, err := a.remoteTo("ana@db1", "")
	if err != nil {
		t.Fatal(err)
	}
	r.screen()
	argv := r.shell([]string{"docker", "--host", "tcp://[::1]:2376", "exec", "-it", "web", "sh"})
	i := slices.Index(argv, "--")
	if i < 0 || !slices.Equal(argv[i:], []string{"--", "ana@db1", "docker", "--host", "'tcp://[::1]:2376'", "exec", "-it", "web", "sh"}) {
		t.Errorf("%q", argv)
	}
	if !slices.Contains(argv, "-t") || slices.Contains(argv, "-T") || slices.Contains(argv, "BatchMode=yes") {
		t.Errorf("it has this terminal, and may ask for a password: %q", argv)
	}
}

func TestTheFarProgramIsAPlainName(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, ".config", "opsdeck", "config.yaml")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	a := &app{env: env("HOME", home)}
	for text, ok := range map[string]bool{"remote: /opt/opsdeck/bin/opsdeck": true, "remote: opsdeck; id": false, "remote: $(id)": false, "remote: -x": false,
		"ssh: [ssh, -F, /x]": true} {
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := a.remoteTo("db1", ""); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestWhatIsBetweenUsAndTheFarAgentIsNamed(t *testing.T) {
	silent := func() error { // what OpenTunnel returns where no response comes
		near := struct {
			*bytes.Reader
			nowhere
		}{bytes.NewReader([]byte("Welcome to db1\x1b[2J\n")), nowhere{}}
		_, _, err := agent.OpenTunnel(t.Context(), "db1", near, agent.ConnectRequest{})
		return err
	}()
	r := &remoteEndpoint{host: "db1", program: "opsdeck"}
	batch := &remoteEndpoint{host: "db1", program: "opsdeck", quiet: true}
	for name, c := range map[string]struct {
		r    *remoteEndpoint
		err  error
		late bool
		code int
		said string
		want string
		exit int
	}{
		"ssh's own words":    {r, silent, false, 255, "ssh: connect to host db1 port 22: Connection refused", "ssh to db1: ssh: connect to host db1 port 22: Connection refused", 69},
		"a password late":    {batch, silent, false, 255, "ana@db1: Permission denied (publickey,password).", "Permission denied", 69},
		"not installed":      {r, silent, false, 127, "bash: line 1: opsdeck: command not found", "db1 has no opsdeck for a login without a terminal", 69},
		"another program":    {r, silent, false, 0, "", "db1 does not answer as opsdeck proxy does (exit 0): Welcome to db1␛[2J", 69},
		"too old":            {r, silent, false, 64, `opsdeck: there is no command or argument "proxy" here`, "too old for --on", 69},
		"no answer":          {batch, silent, true, -1, "", "no answer from db1 within 20s", 69},
		"refused over there": {r, ops.Errorf(ops.CodeDenied, "no permission").Help("join the group"), false, 0, "", "on db1: no permission", 77},
		"anything else":      {r, errors.New("x"), false, 0, "", "open a tunnel to db1: x", 1},
	} {
		err := c.r.why(c.err, c.late, c.code, c.said)
		if !strings.Contains(err.Error(), c.want) || exitOf(err) != c.exit || strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("%s: exit %d, %v", name, exitOf(err), err)
		}
	}
}

// nowhere takes what is written and is closed at will.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

func TestWhatSSHSaysIsShownOnlyWhileThereIsNoScreen(t *testing.T) {
	var terminal bytes.Buffer
	l := &lastSaid{echo: &terminal}
	_, _ = l.Write([]byte("banner\nPermission denied, please try again.\r\n"))
	l.hush()
	_, _ = l.Write([]byte("client_loop: send disconnect: Broken pipe\r\n"))
	if strings.Contains(terminal.String(), "client_loop") || !strings.Contains(terminal.String(), "banner") {
		t.Errorf("on the terminal: %q", terminal.String())
	}
	if l.last() != "client_loop: send disconnect: Broken pipe" {
		t.Errorf("last: %q", l.last())
	}
	_, _ = l.Write(bytes.Repeat([]byte("x"), 3*maxSaid))
	if len(l.text) != maxSaid {
		t.Errorf("%d bytes are kept", len(l.text))
	}
}

func TestEstatesAreKnownByNameOnce(t *testing.T) {
	home := t.TempDir()
	write := func(path, name string) string {
		t.Helper()
		path = filepath.Join(home, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("estate: "+name+"\nsources: {d: {kind: docker}}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	own := write(".config/opsdeck/estate.yaml", "shop")
	two := write(".config/opsdeck/estates/b.yaml", "billing")
	write(".config/opsdeck/estates/c.yaml", "shop")
	socket := write(".local/state/opsdeck/seen/agent.sock", "no matter")
	a := &app{env: env("HOME", home, "OPSDECK_RUN_DIR", filepath.Join(home, "run"))}
	var got []string
	for _, k := range a.known() {
		if strings.HasPrefix(k.given, home) || k.socket == socket {
			got = append(got, k.name)
		}
	}
	if !slices.Equal(got, []string{"shop", "billing", "seen"}) {
		t.Errorf("known: %q", got)
	}
	if k := a.lookup("billing"); k.given != two {
		t.Errorf("billing is %+v", k)
	}
	if k := a.lookup("seen"); k.socket != socket {
		t.Errorf("seen is %+v", k)
	}
	for _, given := range []string{own, "nobody-knows", "ifrs9"} {
		if k := a.lookup(given); k.given != given || k.socket != "" {
			t.Errorf("%s is %+v", given, k)
		}
	}
}
