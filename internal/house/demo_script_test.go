package house

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a PATH that answers as another machine would, beside copies of the
// scripts of make demo.
type machine struct{ dir string }

// newMachine makes one on which the lab can run; programs are then changed or
// taken away.
func newMachine(t *testing.T) machine {
	t.Helper()
	m := machine{t.TempDir()}
	for _, dir := range []string{"scripts", "bin", "path"} {
		if err := os.Mkdir(filepath.Join(m.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"demo", "lab-possible", "install-packages"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "scripts", name))
		if err != nil {
			t.Fatal(err)
		}
		m.write(t, filepath.Join("scripts", name), string(text))
	}
	for _, real := range []string{"bash", "env", "dirname", "tr", "sed", "timeout"} {
		path, err := exec.LookPath(real)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(m.dir, "path", real)); err != nil {
			t.Fatal(err)
		}
	}
	m.answers(t, "uname", "echo Linux")
	m.answers(t, "id", "echo 0")
	m.answers(t, "apt-get", "exit 0")
	m.answers(t, "dpkg-query", "echo installed")
	m.answers(t, "docker", "exit 1")
	m.answers(t, "stat", "echo 8:2")
	m.answers(t, "nsenter", "echo 8:2")
	m.answers(t, "make", `echo "make $*"`)
	m.write(t, "scripts/lab", "#!/usr/bin/env bash\necho OPSDECK_LAB_ESTATE=/lab/estate.yaml\n")
	m.write(t, "bin/opsdeck", "#!/usr/bin/env bash\necho \"opsdeck $*\"\n")
	return m
}

func (m machine) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func (m machine) answers(t *testing.T, program, script string) {
	t.Helper()
	m.write(t, filepath.Join("path", program), "#!/usr/bin/env bash\n"+script+"\n")
}

func (m machine) lacks(t *testing.T, program string) {
	t.Helper()
	if err := os.Remove(filepath.Join(m.dir, "path", program)); err != nil {
		t.Fatal(err)
	}
}

func TestDemoTakesTheLabWhereItCanAndSaysWhyNot(t *testing.T) {
	for situation, c := range map[string]struct {
		change func(m machine)
		why    string // empty: the lab
	}{
		"root on Debian":        {func(machine) {}, ""},
		"not Linux":             {func(m machine) { m.answers(t, "uname", "echo Darwin") }, "this is Darwin"},
		"no apt":                {func(m machine) { m.lacks(t, "apt-get") }, "no apt"},
		"neither root nor sudo": {func(m machine) { m.answers(t, "id", "echo 1000") }, "neither root nor sudo, and root is needed to start containers"},
		"packages missing, neither root nor sudo": {func(m machine) {
			m.answers(t, "id", "echo 1000")
			m.answers(t, "dpkg-query", "exit 1")
		}, "root is needed to install packages: prometheus "},
		"sudo refuses": {func(m machine) {
			m.answers(t, "id", "echo 1000")
			m.answers(t, "sudo", "exit 1")
		}, "sudo refuses this user"},
		"sudo": {func(m machine) {
			m.answers(t, "id", "echo 1000")
			m.answers(t, "sudo", `[[ $1 == -v ]] || { shift; exec "$@"; }`)
		}, ""},
		"a user whom Docker answers, nothing missing": {func(m machine) {
			m.answers(t, "id", "echo 1000")
			m.answers(t, "docker", "exit 0")
		}, ""},
		"a chroot": {func(m machine) { m.answers(t, "nsenter", "echo 8:99") }, "this is a chroot"},
		"a chroot with a Docker daemon outside": {func(m machine) {
			m.answers(t, "nsenter", "echo 8:99")
			m.answers(t, "docker", "exit 0")
		}, ""},
		"a namespace that cannot be asked": {func(m machine) { m.answers(t, "nsenter", "exit 1") }, ""},
	} {
		t.Run(situation, func(t *testing.T) {
			m := newMachine(t)
			c.change(m)
			cmd := exec.Command("bash", filepath.Join(m.dir, "scripts", "demo"))
			cmd.Env = []string{"PATH=" + filepath.Join(m.dir, "path"), "HOME=" + m.dir}
			raw, err := cmd.CombinedOutput()
			out := string(raw)
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if c.why == "" {
				if !strings.Contains(out, "make --no-print-directory build lab-up\nopsdeck --estate /lab/estate.yaml\n") || strings.Contains(out, "cannot") {
					t.Errorf("the lab was not taken:\n%s", out)
				}
				return
			}
			if !strings.Contains(out, "demo: the lab cannot run here: ") || !strings.Contains(out, c.why) || !strings.HasSuffix(out, "make --no-print-directory build\nopsdeck demo\n") {
				t.Errorf("want %q and the simulated system:\n%s", c.why, out)
			}
		})
	}
}
