package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"opsdeck/agent"
	"opsdeck/ops"
)

func TestACommandIsSplitWithoutAShell(t *testing.T) {
	for in, want := range map[string][]string{
		"":                                   {},
		"  snapshot \t -o json ":             {"snapshot", "-o", "json"},
		`run a b --reason "leaks memory"`:    {"run", "a", "b", "--reason", "leaks memory"},
		`run a b --reason 'it''s $HOME; \n'`: {"run", "a", "b", "--reason", `its $HOME; \n`},
		`--reason "a \"b\" \n"`:              {"--reason", `a "b" \n`},
		`a\ b '' ""`:                         {"a b", "", ""},
		`container:docker/web*?~#`:           {"container:docker/web*?~#"},
	} {
		if got, err := splitCommand(in); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q gives %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"snapshot; id", "snapshot | sh", "a && b", "a > /etc/passwd", "echo $HOME", "`id`", `"$(id)"`, `"x`, `'x`, `x\`,
		"snapshot\nid", "snapshot\x00", strings.Repeat("x", maxAsked+1)} {
		if got, err := splitCommand(in); exitOf(err) != exitUsage {
			t.Errorf("%.20q gives %q, %v", in, got, err)
		}
	}
}

// doorOf is an app behind the gate, with an estate of its own in a folder.
func doorOf(t *testing.T, pinned bool) *app {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "shop.yaml")
	if err := os.WriteFile(file, []byte("estate: shop\nsources: {d: {kind: docker}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{env: env("HOME", dir), gated: true}
	if pinned {
		a.pinned = file
	}
	return a
}

func TestTheGateAdmitsWhatIsOnItsListAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		words  []string
		pinned bool
		code   int
	}{
		"the console":             {nil, false, 0},
		"a snapshot":              {[]string{"snapshot", "-o", "json"}, false, 0},
		"by its name":             {[]string{"opsdeck", "history", "--since", "8h"}, false, 0},
		"by its path":             {[]string{"/usr/local/bin/opsdeck", "proxy"}, false, 0},
		"an action":               {[]string{"run", "container.restart", "container:docker/web", "--yes", "--reason", "x"}, false, 0},
		"a backup":                {[]string{"backup", "run", "orders", "--type", "full", "--yes"}, false, 0},
		"sudoers lines":           {[]string{"backup", "sudoers"}, false, 77},
		"how backups stand":       {[]string{"backup", "status"}, false, 0},
		"a job's child":           {[]string{"keep-child", "/tmp/x", "1", "id"}, false, 77},
		"a load":                  {[]string{"load-child"}, false, 77},
		"help":                    {[]string{"snapshot", "--help"}, false, 0},
		"the version":             {[]string{"--version"}, false, 0},
		"another estate by name":  {[]string{"--estate", "other", "snapshot"}, false, 0},
		"its own estate by name":  {[]string{"snapshot", "-e", "shop"}, true, 0},
		"a shell":                 {[]string{"sh", "-c", "id"}, false, 77},
		"sftp":                    {[]string{"/usr/lib/openssh/sftp-server"}, false, 77},
		"the gate again":          {[]string{"gate"}, false, 77},
		"an agent":                {[]string{"agent"}, false, 77},
		"stopping the agent":      {[]string{"agent", "stop", "--force"}, false, 77},
		"writing an estate":       {[]string{"init", "-o", "/etc/x"}, false, 77},
		"reading any file":        {[]string{"config", "check", "/etc/shadow"}, false, 77},
		"completion":              {[]string{"completion", "bash"}, false, 77},
		"its hidden twin":         {[]string{"__complete", "snapshot", ""}, false, 77},
		"the twin behind a flag":  {[]string{"--local", "__complete", "agent", ""}, false, 77},
		"behind the end of flags": {[]string{"--", "__complete", ""}, false, 77},
		"behind a flag's value":   {[]string{"--estate", "x", "__completeNoDesc", ""}, false, 77},
		"probing a file":          {[]string{"probe-history", "/etc/shadow"}, false, 77},
		"writing a file":          {[]string{"snapshot", "--out", "/etc/x"}, false, 77},
		"writing one, glued":      {[]string{"handover", "--out=/etc/x"}, false, 77},
		"reading a board":         {[]string{"snapshot", "--board", "/etc/shadow"}, false, 77},
		"another socket":          {[]string{"--socket", "/tmp/s", "snapshot"}, false, 77},
		"another host":            {[]string{"--on", "-oProxyCommand=id", "snapshot"}, false, 77},
		"a history of one's own":  {[]string{"audit", "verify", "--state", "/x"}, false, 77},
		"an estate by path":       {[]string{"snapshot", "-e", "/home/x/e.yaml"}, false, 77},
		"an estate by dots":       {[]string{"snapshot", "-e../e.yaml"}, false, 77},
		"another than the pinned": {[]string{"snapshot", "-e", "other"}, true, 77},
		"a flag that is none":     {[]string{"snapshot", "--nope"}, false, 64},
	} {
		if _, err := doorOf(t, c.pinned).admit(c.words); exitOf(err) != c.code {
			t.Errorf("%s: exit %d, want %d: %v", name, exitOf(err), c.code, err)
		}
	}
}

func TestARequestMayNameNoMoreThanACommandLine(t *testing.T) {
	for given, code := range map[string]int{"": 0, "shop": 0, "other": 77, "/etc/shadow": 77} {
		if err := doorOf(t, true).mayConnect(agent.ConnectRequest{Estate: ops.Clean(given)}); exitOf(err) != code {
			t.Errorf("%q: %v", given, err)
		}
	}
	if err := (&app{env: env()}).mayConnect(agent.ConnectRequest{Estate: ops.Lit("/home/ana/e.yaml")}); err != nil {
		t.Errorf("who has a shell there may name a file: %v", err)
	}
}

func TestARefusalStandsInTheJournal(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close() //nolint:errcheck // nothing was written
	for asked, code := range map[string]int{"rm -rf /": 77, "snapshot; id": 64, "x\x1b[2J": 64, "snapshot -o nope": 0} {
		var lines []string
		a := &app{std: streams{null, null, null}, env: env("SSH_ORIGINAL_COMMAND", asked, "SSH_CONNECTION", "192.0.2.7 4711 192.0.2.1 22"),
			note: func(l string) error { lines = append(lines, l); return nil }}
		err := a.gate(t.Context(), "ana")
		if code == 0 {
			if len(lines) != 0 {
				t.Errorf("%q is recorded, though it may run: %q", asked, lines)
			}
			continue
		}
		if exitOf(err) != code || len(lines) != 1 || !strings.Contains(lines[0], "(key ana) from 192.0.2.7") || strings.ContainsRune(lines[0], 0x1b) {
			t.Errorf("%q: exit %d, recorded %q", asked, exitOf(err), lines)
		}
	}
}

// FuzzWhatTheGateAdmitsRunsWhatIsOnItsList puts command lines together and asks the parser, as it is when it
// runs one, which command that would be.
func FuzzWhatTheGateAdmitsRunsWhatIsOnItsList(f *testing.F) {
	for _, line := range []string{"", "--local __complete agent ''", "--help __complete x", "-h __complete x", "snapshot --help", "--local --help agent stop", "-e shop __complete x", "-e __complete snapshot", "-- __complete x", "--local -- gate",
		"--estate=x completion bash", "help agent", "--local help agent", "--version", "--version __complete x", "snapshot __complete", "run a b -- __complete", "opsdeck opsdeck __complete", "--local man", "history --since 1h", "agent status --help"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := splitCommand(line)
		if err != nil {
			return
		}
		a := doorOf(t, false)
		admitted, err := a.admit(words)
		if err != nil {
			return
		}
		root := a.root()
		root.AddCommand(&cobra.Command{Use: "__complete", Run: func(*cobra.Command, []string) {}}, &cobra.Command{Use: "__completeNoDesc", Run: func(*cobra.Command, []string) {}})
		root.InitDefaultHelpCmd()
		root.InitDefaultCompletionCmd()
		cmd, rest, err := root.Find(admitted)
		if err != nil {
			return // it ends with that
		}
		if _, listed := gateFlags()[cmd.CommandPath()]; !listed {
			t.Errorf("%q runs %q", line, cmd.CommandPath())
		}
		if cmd == root && cmd.ParseFlags(rest) == nil && cmd.Flags().NArg() > 0 {
			t.Errorf("%q leaves %q to the console", line, cmd.Flags().Args())
		}
	})
}
