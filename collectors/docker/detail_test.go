package docker

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"

	"opsdeck/ops"
)

func TestOpenShowsNoSecret(t *testing.T) {
	f := newFakeDaemon(t)
	c := fakeCollector(t, f.host, newTestClock())
	d, err := c.Open(t.Context(), ops.NewRef(ops.KindContainer, "docker", "web"), 0)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprint(d)
	if strings.Contains(all, "hunter2") {
		t.Errorf("a secret in %s", all)
	}
	for _, want := range []string{"DB_PASSWORD •••", "EMPTY •••", "--dsn •••", "--api-key ••• --verbose", "--token=•••",
		"64.0M", "127.0.0.1:28111", "mynet", "unhealthy", "failed in a row"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %s", want, all)
		}
	}
	if len(d.Lines) != 2 {
		t.Errorf("last lines: %v", d.Lines)
	}
}

func TestOpenNamesTheHolderOfAPort(t *testing.T) {
	f := newFakeDaemon(t)
	c := fakeCollector(t, f.host, newTestClock())
	d, err := c.Open(t.Context(), ops.NewRef(ops.KindContainer, "docker", "clash"), 0)
	if err != nil || !strings.Contains(fmt.Sprint(d.Groups[0]), "port 127.0.0.1:28111 is held by container web") {
		t.Errorf("%v, %v", d, err)
	}
}

func TestOpenCleansHostileLabels(t *testing.T) {
	f := newFakeDaemon(t)
	c := fakeCollector(t, f.host, newTestClock())
	d, err := c.Open(t.Context(), ops.NewRef(ops.KindContainer, "docker", "crashed"), 0)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprint(d)
	if strings.ContainsAny(all, "\x1b\x07\u202e") || !strings.Contains(all, "␛[31mred") || len(all) > 3*ops.MaxText {
		t.Errorf("%d bytes: %.300q", len(all), all)
	}
	if _, err := c.Open(t.Context(), ops.NewRef(ops.KindContainer, "docker", "nosuch"), 0); ops.CodeOf(err) != ops.CodeNotFound {
		t.Errorf("one that is not there: %v", err)
	}
	if _, err := c.Open(t.Context(), ops.NewRef(ops.KindContainer, "other", "web"), 0); ops.CodeOf(err) != ops.CodeInvalid {
		t.Errorf("one of another daemon: %v", err)
	}
}

func TestParseClash(t *testing.T) {
	for name, tc := range map[string]struct{ fault, want string }{
		"a container holds it": {"driver failed programming external connectivity on endpoint x (ab): Bind for 0.0.0.0:8080 failed: port is already allocated", "0.0.0.0:8080"},
		"on IPv6":              {"Bind for :::8080 failed: port is already allocated", "0.0.0.0:8080"},
		"the host holds it":    {"Error starting userland proxy: listen tcp4 127.0.0.1:5432: bind: address already in use", "127.0.0.1:5432"},
		"another fault":        {"OCI runtime create failed: exec: no such file", ""},
		"not a port":           {"Bind for 0.0.0.0:99999 failed: port is already allocated", ""},
	} {
		got, ok := parseClash(tc.fault)
		if ok != (tc.want != "") || ok && got.String() != tc.want {
			t.Errorf("%s: %v %v", name, got, ok)
		}
	}
}

func TestMaskWords(t *testing.T) {
	for in, want := range map[string]string{
		"run|--password=x|-v":                   "run|--password=•••|-v",
		"run|--db-password|x|--port|80":         "run|--db-password|•••|--port|80",
		"sh|-c|TOKEN=x exec run --secret y now": "sh|-c|TOKEN=••• exec run --secret ••• now",
		"curl|https://u:p@host/x":               "curl|https://•••@host/x",
		"run|--api-key='a b'":                   "run|--api-key=•••",
		"redis-server|--port|6379":              "redis-server|--port|6379",
	} {
		if got := strings.Join(maskWords(strings.Split(in, "|")), "|"); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestTailCutsLinesAndStampsInside(t *testing.T) {
	f := newFakeDaemon(t)
	c := fakeCollector(t, f.host, newTestClock())
	ref := ops.NewRef(ops.KindContainer, "docker", "lines")
	var lines []ops.Line
	err := c.Tail(t.Context(), ref, ops.TailFrom{}, func(l ops.Line) error {
		lines = append(lines, l)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 6 || lines[0].Text.String() != "plain" || lines[5].Text.String() != "last" {
		t.Fatalf("%d lines", len(lines))
	}
	if got := lines[1].Text.String(); got != "␛]0;title␇␛[31mred␍ hidden <U+202E> rtl" {
		t.Errorf("hostile: %q", got)
	}
	if rest := strings.Trim(lines[2].Text.String(), "é…"); rest != "" {
		t.Errorf("within the long line: %q", rest)
	}
	if lines[4].Stream != ops.StreamMeta || lines[4].Text.String() != "4464 more bytes of this line are not shown" {
		t.Errorf("what was cut: %q", lines[4].Text)
	}
	if lines[0].At.IsZero() || lines[0].Offset != uint64(lines[0].At.UnixNano()) {
		t.Errorf("time: %+v", lines[0])
	}
	stop := errors.New("enough")
	if err := c.Tail(t.Context(), ref, ops.TailFrom{}, func(ops.Line) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("emit's error: %v", err)
	}
}

func TestLineCutterOnARawStream(t *testing.T) {
	var got []string
	w := &lineCutter{emit: func(l ops.Line) error {
		got = append(got, l.Text.String())
		return nil
	}}
	for _, part := range []string{"2026-11-21T18:34:30.1Z one\r\n2026-11-21T18:34:3", "0.2Z tw", "o\r\nno stamp\n", "open"} {
		if _, err := w.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	if want := "one|two|no stamp|open"; strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", strings.Join(got, "|"), want)
	}
}

func TestSampleNeedsTwoForCPU(t *testing.T) {
	f := newFakeDaemon(t)
	c := fakeCollector(t, f.host, newTestClock())
	refs := []ops.Ref{ops.NewRef(ops.KindContainer, "docker", "web"), ops.NewRef(ops.KindContainer, "docker", "stopped"),
		ops.NewRef(ops.KindContainer, "docker", "nosuch")}
	first, err := c.Sample(t.Context(), refs)
	if err != nil {
		t.Fatal(err)
	}
	if first[0].CPU.Known || first[0].Memory != ops.Num(1122304) || first[0].Limit != ops.Num(64<<20) || first[0].NetIn != ops.Num(806) || first[0].PIDs != ops.Num(6) {
		t.Errorf("first: %+v", first[0])
	}
	if first[1].Why.String() != "not running" || first[1].Memory.Known {
		t.Errorf("stopped: %+v", first[1])
	}
	if first[2].Why.Empty() {
		t.Errorf("nosuch: %+v", first[2])
	}
	f.mu.Lock()
	f.stats["web"] = "stats-web-later.json"
	f.mu.Unlock()
	later, err := c.Sample(t.Context(), refs[:1])
	if err != nil || !later[0].CPU.Known || later[0].CPU.Value <= 0 || later[0].CPU.Value > 2 {
		t.Errorf("later: %+v, %v", later, err)
	}
}

func TestMemoryIsLessThePageCache(t *testing.T) {
	for name, tc := range map[string]struct {
		in   container.MemoryStats
		want ops.Value
	}{
		"cgroup v1":       {container.MemoryStats{Usage: 100, Stats: map[string]uint64{"total_inactive_file": 40, "inactive_file": 10}}, ops.Num(60)},
		"cgroup v2":       {container.MemoryStats{Usage: 100, Stats: map[string]uint64{"inactive_file": 30}}, ops.Num(70)},
		"more than usage": {container.MemoryStats{Usage: 100, Stats: map[string]uint64{"inactive_file": 300}}, ops.Num(100)},
		"not measured":    {container.MemoryStats{}, ops.Value{}},
	} {
		if got := memoryOf(&tc.in); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
