package machine

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestOwnProcessIsMeasured(t *testing.T) {
	me := os.Getpid()
	m, err := WatchPIDs(me)
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	var used time.Duration
	for used < 5*tick {
		if time.Now().After(deadline) {
			t.Fatalf("spinning for 10 s counted as %s", used)
		}
		used, _ = m.Took()
	}
	if pss, err := PSS(me); err != nil || pss < 1<<20 {
		t.Errorf("memory: %d, %v", pss, err)
	}
	if n, err := Threads(me); err != nil || n < 2 {
		t.Errorf("threads: %d, %v", n, err)
	}
	before, err := Files(me)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	if after, err := Files(me); err != nil || after != before+1 {
		t.Errorf("one more file: %d after %d, %v", after, before, err)
	}
}

func TestGoroutinesOfAnotherProcessAreCounted(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	text := "package main\n\nimport \"os\"\n\nfunc main() {\n\tfor range 300 {\n\t\tgo func() { select {} }()\n\t}\n\t_, _ = os.Stdout.WriteString(\"ready\")\n\t_, _ = os.Stdin.Read(make([]byte, 1))\n}\n"
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "many"), source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(filepath.Join(dir, "many"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("ready"))); err != nil {
		t.Fatal(err)
	}
	if n, err := Goroutines(cmd.Process.Pid); err != nil || n < 300 || n > 320 {
		t.Errorf("%d, %v", n, err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestAProcessThatIsGoneIsAnError(t *testing.T) {
	const nobody = 1 << 30
	if _, err := WatchPIDs(nobody); err == nil {
		t.Error("a process that is not there was measured")
	}
	if _, err := PSS(nobody); err == nil {
		t.Error("its memory too")
	}
}

func TestCostsAreScaledToAMinute(t *testing.T) {
	if got := PerMinute(time.Second, 30*time.Second); got != 2*time.Second {
		t.Error(got)
	}
	if got := PerMinute(time.Second, 0); got != 0 {
		t.Error(got)
	}
}

func TestSizeCountsFilesInFolders(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "in"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "in/b"} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 100), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := Size(dir); err != nil || n != 200 {
		t.Errorf("%d, %v", n, err)
	}
}
