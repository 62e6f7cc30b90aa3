//go:build lab

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/internal/proc"
	"opsdeck/judge"
	"opsdeck/ops"
)

// inPlace is the action that restores in the place of the server's data, and a request for it.
func (l *labRestores) inPlace(params ...string) (ops.Action, ops.Request) {
	r := restoreAction(l.col, l.plan, otherAccount(l.account()), keptChild(l.history, otherAccount(l.account()), noSecrets), "tcp 127.0.0.1:"+l.Port).InPlace(judge.Followers)
	req := ops.Request{Action: ops.Lit("backup.restore-in-place"), Target: ops.NewRef(ops.KindBackups, "nightly", "nightly")}
	for _, p := range append(params, "data="+l.Dir+"/data") {
		name, value, _ := strings.Cut(p, "=")
		req.Params = append(req.Params, ops.Param{Name: ops.Clean(name), Value: ops.Clean(value)})
	}
	return asServer{r, l.argv}, req
}

// again starts the server as it always is, on what its folder holds now.
func (l *labRestores) again() {
	l.Helper()
	l.Again("fsync=off", "shared_buffers=8MB", "max_connections=16")
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// bash runs a line as the server's user.
func (l *labRestores) bash(line string) (string, error) {
	out, err := l.Command(context.Background(), "bash", "-c", line).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (l *labRestores) must(line string) string {
	l.Helper()
	out, err := l.bash(line)
	if err != nil {
		l.Fatalf("%s: %v\n%s", line, err, out)
	}
	return out
}

// noted hears what a child says, and may end it there.
type noted struct {
	quiet
	lines []string
	at    ops.Process
	kill  string // with SIGKILL, once a line has this in it
}

func (n *noted) Child(p ops.Process) { n.at = p }

func (n *noted) Line(_ ops.Stream, text string) {
	n.lines = append(n.lines, text)
	if n.kill != "" && strings.Contains(text, n.kill) {
		n.kill = ""
		for _, pid := range children(n.at.PID) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// children are the processes below one. Each thread has its own.
func children(pid int) (all []int) {
	lists, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	for _, list := range lists {
		b, _ := os.ReadFile(list)
		for _, f := range strings.Fields(string(b)) {
			all = append(append(all, number(f)), children(number(f))...)
		}
	}
	return all
}

// wayBack are the two commands of it in a text.
var wayBack = regexp.MustCompile(`mv -T (\S+) (\S+); mv -T (\S+) ([^\s;)]+)`)

func TestLabARestoreInPlaceKeepsTheOldDataAndGoesBack(t *testing.T) {
	t.Parallel()
	l := newLabRestores(t)
	l.must("echo archive_mode=on >> " + l.Dir + "/data/postgresql.conf")
	l.story()
	data := l.Dir + "/data"
	a, req := l.inPlace("target=name", "at=before_disaster")
	refused := func(a ops.Action, req ops.Request, want string) {
		t.Helper()
		if _, err := a.Plan(t.Context(), l.board(), req); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("refused with %v, want %s", err, want)
		}
	}
	refused(a, req, "the server is not stopped: its postmaster.pid names process ")
	board := l.board()
	l.Server.Stop()
	empty, elsewhere := l.inPlace()
	elsewhere.Params[0].Value = ops.Clean(l.Dir + "/repo1")
	refused(empty, elsewhere, "holds no data of PostgreSQL")
	p, err := a.Plan(t.Context(), board, req)
	if err != nil {
		t.Fatal(err)
	}
	if class := a.Describe().Class; class != ops.ClassDestructive || !strings.Contains(p.Replaces[1].String(), "renamed to "+data+".before-1 and stay") || !strings.Contains(fmt.Sprint(p.Notes), "--in-place --target name") {
		t.Errorf("%s: %v\n%v", class, p.Replaces, p.Notes)
	}
	says := &noted{}
	r, err := a.Run(t.Context(), p, says)
	if err != nil || r.State != ops.JobSucceeded || !strings.Contains(r.What.String(), "the old data are in "+data+".before-1") {
		t.Fatalf("%v %v\n%s", r, err, strings.Join(says.lines, "\n"))
	}
	work := data + ".restored-1"
	psql := "/usr/lib/postgresql/15/bin/psql -h " + work + "/socket -p 5432 -U postgres -d postgres"
	const sql = "SELECT string_agg(n::text, ' ' ORDER BY n) FROM commits"
	if got := l.asks(psql, sql); got != "1 2 3" {
		t.Errorf("in place it has %q", got)
	}
	said := strings.Join(says.lines, "\n")
	for _, want := range []string{"archiving is off in it", "take a full backup at once", "replicas have to be made anew", "let it take writes: "} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	// Promoted, ended and started as it always is, it archives nothing until somebody says so.
	before := l.repository()
	l.must("/usr/lib/postgresql/15/bin/pg_ctl promote -w -D " + data)
	l.must("/usr/lib/postgresql/15/bin/pg_ctl stop -D " + data)
	l.again()
	if got := l.Value("SELECT current_setting('archive_mode')"); got != "off" {
		t.Errorf("archive_mode is %s", got)
	}
	l.Exec("postgres", "INSERT INTO commits VALUES (7)")
	l.Exec("postgres", "SELECT pg_switch_wal()")
	l.Exec("postgres", "CHECKPOINT")
	if after := l.repository(); !slices.Equal(before, after) {
		t.Errorf("it wrote to the repository: %v", after)
	}
	l.Exec("postgres", "ALTER SYSTEM RESET archive_mode")
	l.Server.Stop()
	l.again()
	if got := l.Value("SELECT current_setting('archive_mode')"); got != "on" {
		t.Errorf("by what it says archive_mode is %s", got)
	}
	l.position()
	// The way back, as it was printed.
	l.Server.Stop()
	back := wayBack.FindString(said)
	l.must(back)
	l.again()
	if got := l.Value(sql); got != "1 2 3 4 5 6" {
		t.Errorf("the way back gives %q", got)
	}
}

// TestLabARestoreInPlaceThatIsKilledLosesNothing kills its process at each stage; what was
// said before leads back.
func TestLabARestoreInPlaceThatIsKilledLosesNothing(t *testing.T) {
	t.Parallel()
	l := newLabRestores(t)
	l.story()
	data, board := l.Dir+"/data", l.board()
	l.Server.Stop()
	for n, stage := range []string{"restoring ", "for the change of places", "renaming " + data} {
		a, req := l.inPlace("target=backup")
		p, err := a.Plan(t.Context(), board, req)
		if err != nil {
			t.Fatal(stage, err)
		}
		says := &noted{kill: stage}
		r, err := a.Run(t.Context(), p, says)
		said := strings.Join(says.lines, "\n")
		back := wayBack.FindStringSubmatch(said)
		if back == nil {
			t.Fatalf("%s: it says no way back: %v %v\n%s", stage, r, err, said)
		}
		aside := back[3]
		if err == nil {
			t.Errorf("%s: killed, it ended %v", stage, r)
		}
		if err != nil && !strings.Contains(err.Error(), aside) {
			t.Errorf("%s: the record does not say where the old data are: %v", stage, err)
		}
		l.endsAllIn(data + ".restored-" + strconv.Itoa(n+1))
		l.endsAllIn(data)
		if _, err := os.Lstat(aside); err == nil {
			_, _ = l.bash(back[0][:strings.Index(back[0], ";")]) // the first only where the place is taken
			l.must("mv -T " + back[3] + " " + back[4])
		} else if !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		l.again()
		if got := l.Value("SELECT string_agg(n::text, ' ' ORDER BY n) FROM commits"); got != "1 2 3 4 5 6" {
			t.Fatalf("%s: the old data have %q", stage, got)
		}
		l.Server.Stop()
	}
}

// TestLabARestoreThatIsKilledSaysWhatIsLeft, where its process could say nothing itself.
func TestLabARestoreThatIsKilledSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	l := newLabRestores(t)
	l.story()
	before := l.repository()
	req, to := l.request("target=backup")
	p, err := l.action.Plan(t.Context(), l.board(), req)
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.action.Run(t.Context(), p, &noted{kill: "waiting for a consistent copy"})
	if err == nil || !strings.Contains(err.Error(), "137") || !strings.Contains(ops.AsError(err).Remedy.String(), "what is left of it lies in "+to+": end the server that may run there") {
		t.Fatalf("%v, %v", r, err)
	}
	if _, err := os.Stat(to + "/.opsdeck-restore"); err != nil {
		t.Error("it is not marked as ours:", err)
	}
	if after := l.repository(); !slices.Equal(before, after) {
		t.Errorf("it wrote to the repository: %v", after)
	}
	l.endsAllIn(to)
	l.must("rm -r " + to)
	l.restores("succeeded: one: ", "target=backup") // the next is not in its way
}

// endsAllIn ends what works in a folder: a server outlives the process that started it.
func (l *labRestores) endsAllIn(dir string) {
	l.Until("nothing works in "+dir, func() bool {
		links, _ := filepath.Glob("/proc/[0-9]*/cwd")
		none := true
		for _, link := range links {
			if at, err := os.Readlink(link); err == nil && strings.HasPrefix(at+"/", dir+"/") {
				none = false
				_ = proc.Signal(number(strings.Split(link, "/")[2]), syscall.SIGQUIT)
				time.Sleep(20 * time.Millisecond)
			}
		}
		return none
	})
}
