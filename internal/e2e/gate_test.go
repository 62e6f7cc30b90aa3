//go:build lab

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// doors gives keys to the lab's sshd, each with a command of its own, and returns
// the private files by name.
func (b *bastion) doors(commands map[string]string) map[string]string {
	b.Helper()
	keys := map[string]string{}
	var lines strings.Builder
	for name, command := range commands {
		keys[name] = filepath.Join(b.dir, "key-"+name)
		out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys[name]).CombinedOutput()
		if err != nil {
			b.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
		fmt.Fprintf(&lines, "restrict,pty,command=%q %s", command, b.read(keys[name]+".pub"))
	}
	file := filepath.Join(os.Getenv("OPSDECK_LAB_SSH_DIR"), "authorized_keys_test")
	b.write(file, []byte(lines.String()))
	b.Cleanup(func() { must(b.T, os.Remove(file)) })
	return keys
}

// by makes this bastion's lines come in with a key.
func (b *bastion) by(key string) {
	b.Helper()
	own := string(b.read(filepath.Join(os.Getenv("OPSDECK_LAB_SSH_DIR"), "config")))
	b.sshConfig("")
	text := strings.Replace(string(b.read(b.config)), own, "", 1)
	for line := range strings.Lines(own) {
		if strings.Contains(line, "IdentityFile") {
			line = "  IdentityFile " + key + "\n"
		}
		text += line
	}
	b.write(b.config, []byte(text))
}

// shared is an estate whose account root is several people's: ana may act.
const shared = "access: {default: viewer, shared: [root], grants: [{key: ana, role: operator}]}"

func TestAnAccountBehindTheGateGetsOpsdeckAndNothingElse(t *testing.T) {
	b := newBastion(t, shared)
	key := b.doors(map[string]string{"ana": binary() + " gate --key ana"})["ana"]
	b.by(key)
	mark := filepath.Join(b.dir, "made")
	for _, c := range []struct {
		line, says string
		code       int
	}{
		{"id", `this account may not run "id"`, 77},
		{"sh -c 'touch " + mark + "'", `may not run`, 77},
		{"snapshot; touch " + mark, `is for a shell, and none reads this`, 64},
		{"snapshot $(touch " + mark + ")", `is for a shell`, 64},
		{"snapshot --out " + mark, `may not use --out`, 77},
		{"snapshot --board /etc/passwd", `may not use --board`, 77},
		{"--on lab snapshot", `may not use --on`, 77},
		{"agent stop", `may not run "agent stop"`, 77},
		{"config check /etc/passwd", `may not run`, 77},
		{"-e /etc/passwd snapshot", `may not open the estate /etc/passwd`, 77},
		{"snapshot -o nope", `-o nope: there is`, 64},
		{"scp -t /tmp", `may not run`, 77},
	} {
		b.plainSSH(key, c.line).want(t, c.code, c.says)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("one of these wrote a file")
	}
	sftp := exec.Command("sftp", "-F", b.config, "-b", "/dev/null", "lab")
	if out, err := sftp.CombinedOutput(); err == nil {
		t.Errorf("sftp works: %s", out)
	}
	r := b.plainSSH(key, "opsdeck snapshot -o json")
	var s snapshot
	if err := json.Unmarshal([]byte(r.out), &s); err != nil || r.code != s.Exit {
		t.Errorf("a snapshot: exit %d, %v\n%s%s", r.code, err, r.out, r.err)
	}
	if r := b.plainSSH(key, ""); !strings.Contains(r.out, "OVERVIEW") || strings.Contains(r.out, "\x1b") {
		t.Errorf("without a command and without a terminal:\n%s%s", r.out, r.err)
	}
	c := b.terminal(nil, "ssh", "-F", b.config, "-t", "lab")
	c.until(`containers: \d+/13 running`) // an earlier test may have left a mark
	c.keys("q")
	if code := c.ended(); code != 0 {
		t.Errorf("the console over ssh -t ended with %d", code)
	}
}

func TestPeopleOfASharedAccountAreToldApartByTheirKeys(t *testing.T) {
	b := newBastion(t, shared)
	keys := b.doors(map[string]string{"ana": binary() + " gate --key ana", "ben": binary() + " gate --key ben"})
	name := obedient(t)
	act := []string{"--on", "lab", "run", "container.restart", "container:docker/" + name, "--yes", "--reason", "test"}
	b.by(keys["ben"])
	b.want(77, `root/ben is a viewer here`, act...)
	b.by(keys["ana"])
	b.want(0, `job 1 succeeded`, act...)
	s := b.open()
	s.until(`root/ana \(operator\)`)
	told := b.want(0, "", "--on", "lab", "history").out
	for _, re := range []string{`outcome +root/ana +succeeded: restart container ` + name, `refused +root/ben `} {
		if !matches(told, re) {
			t.Errorf("the history does not hold %s:\n%s", re, told)
		}
	}
}

func TestAGateThatNamesAnEstateShowsThatAlone(t *testing.T) {
	b := newBastion(t)
	other := newWorld(t)
	key := b.doors(map[string]string{"ana": binary() + " gate --estate " + b.far.file})["ana"]
	b.by(key)
	b.plainSSH(key, "estates").want(t, 0, b.far.name)
	if r := b.plainSSH(key, "-e "+b.far.name+" snapshot"); r.code > 3 || !strings.Contains(r.out, b.far.name) {
		t.Errorf("its own estate by its name: exit %d\n%s%s", r.code, r.out, r.err)
	}
	b.plainSSH(key, "-e "+other.name+" snapshot").want(t, 77, `may not open the estate `+other.name)
	b.want(77, `on lab: this account may not open the estate `, "--on", "lab", "-e", other.file, "snapshot")
	b.want(0, b.far.name, "--on", "lab", "estates")
}
