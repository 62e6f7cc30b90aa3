package drill

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"opsdeck/ops"
)

// cluster makes what looks like a server's data.
func cluster(t *testing.T) *InPlace {
	t.Helper()
	data := filepath.Join(t.TempDir(), "main")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &InPlace{Data: data}
}

func TestNothingTakesThePlaceOfAServerThatMayRun(t *testing.T) {
	pid := func(p *InPlace, lines ...string) {
		t.Helper()
		if err := os.WriteFile(p.pidFile(), []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a test's
	_, port, _ := net.SplitHostPort(l.Addr().String())
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	dead := strconv.Itoa(gone.Process.Pid)
	for name, c := range map[string]struct {
		is   func(p *InPlace)
		want string // empty: it is stopped
	}{
		"stopped well":                    {func(*InPlace) {}, ""},
		"its process lives":               {func(p *InPlace) { pid(p, strconv.Itoa(os.Getpid())) }, "names process " + strconv.Itoa(os.Getpid()) + ", which lives"},
		"its process is another's":        {func(p *InPlace) { pid(p, "1") }, "names process 1, which lives"},
		"killed, its socket is left":      {func(p *InPlace) { pid(p, dead, p.Data, "0", "1", filepath.Dir(p.Data), "") }, ""},
		"in a container, at its port":     {func(p *InPlace) { pid(p, dead, p.Data, "0", port, "", "") }, "somebody answers at 127.0.0.1:" + port},
		"the estate's address answers":    {func(p *InPlace) { p.Refuses = []string{"tcp " + l.Addr().String()} }, "somebody answers at "},
		"the estate's address is unknown": {func(p *InPlace) { p.Refuses = []string{"tcp no-such-host.invalid:5432"} }, "is not known"},
		"the estate's address refuses":    {func(p *InPlace) { p.Refuses = []string{"tcp 127.0.0.1:1", "unix " + p.Data + "/none"} }, ""},
		"somebody works in it": {func(p *InPlace) {
			c := exec.Command("sleep", "60")
			if c.Dir = p.Data; c.Start() != nil {
				t.Fatal("no sleep")
			}
			t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
		}, "works in "},
	} {
		p := cluster(t)
		c.is(p)
		err := p.stopped(t.Context())
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || ops.CodeOf(err) != ops.CodeHeld) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestOnlyTheDataOfAClusterAreReplaced(t *testing.T) {
	p := cluster(t)
	link := p.Data + ".link"
	if err := os.Symlink(p.Data, link); err != nil {
		t.Fatal(err)
	}
	for data, want := range map[string]string{filepath.Dir(p.Data): "holds no data of PostgreSQL", p.Data + "/none": "cannot be seen", link: "or a link", "/proc/self": "", "relative": "cannot be seen"} {
		q := &InPlace{Data: data}
		if _, err := q.Ready(t.Context(), "", ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", data, err, want)
		}
	}
}

// TestTheWayBackLeadsBackFromEachState runs the two commands as they stand, from what a
// restore leaves that is killed before, between and after the two names are changed.
func TestTheWayBackLeadsBackFromEachState(t *testing.T) {
	for name, until := range map[string]int{"before": 0, "between": 1, "after": 2} {
		p := cluster(t)
		work := p.Beside()
		if err := os.MkdirAll(filepath.Join(work, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		c := &copying{CopyOrder: CopyOrder{To: work, InPlace: p}, s: scratch{dir: work}, doing: func(string) {}}
		if until == 1 { // it cannot take the place
			if err := os.Rename(filepath.Join(work, "data"), filepath.Join(work, "elsewhere")); err != nil {
				t.Fatal(err)
			}
		}
		if until > 0 {
			if err := c.exchange(); (err == nil) != (until == 2) {
				t.Fatal(name, err)
			}
		}
		says := p.Where(work)
		if !strings.Contains(says, "while there is no "+p.Aside+", "+p.Data+" is as it was") {
			t.Error(says)
		}
		if exists(p.Aside) != (until > 0) {
			t.Fatalf("%s: aside is there: %t", name, exists(p.Aside))
		}
		if until > 0 {
			for _, line := range p.Back(work) {
				_ = exec.Command("bash", "-c", line.String()).Run() // the first fails where the place is empty
			}
		}
		if !exists(filepath.Join(p.Data, "PG_VERSION")) {
			t.Errorf("%s: the old data are not back", name)
		}
		if next := p.Beside(); exists(next) || exists(p.Aside) {
			t.Errorf("%s: the next names are taken", name)
		}
	}
}
