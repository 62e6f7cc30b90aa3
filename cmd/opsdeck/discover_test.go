package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"opsdeck/estate"
	"opsdeck/internal/postgrestest"
	"opsdeck/ops"
)

// postgresAt answers as PostgreSQL does before a login, and returns its port.
func postgresAt(t *testing.T, network, address string) string {
	t.Helper()
	_, port, _ := net.SplitHostPort(postgrestest.Fake(t, network, address, "N")) // of a socket: empty
	return port
}

// freePort is one that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a test's
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func TestPostgresIsFoundByPortAndBySocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "pg") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := func(port string) string { return filepath.Join(dir, ".s.PGSQL."+port) }
	both, alone, stale, usual := postgresAt(t, "tcp", "127.0.0.1:0"), freePort(t), freePort(t), freePort(t)
	postgresAt(t, "unix", socket(both))
	postgresAt(t, "unix", socket(alone))
	for _, path := range []string{socket(stale), socket(alone) + ".lock"} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	look := func(usual string, folders ...string) []string {
		var dsns []string
		for _, p := range lookForPostgres(t.Context(), folders, usual) {
			dsns = append(dsns, p.Address)
		}
		slices.Sort(dsns)
		return dsns
	}
	byPort, bySocket := "postgres://opsdeck@127.0.0.1:"+both+"/postgres", "host="+dir+" port="+alone+" user=opsdeck dbname=postgres"
	for name, c := range map[string]struct {
		usual   string
		folders []string
		want    []string
	}{
		"by its socket, or by its port where that answers too": {usual, []string{dir}, []string{bySocket, byPort}},
		"the same folder under two names":                      {usual, []string{dir, dir + "/."}, []string{bySocket, byPort}},
		"at the usual port without a socket":                   {both, nil, []string{byPort}},
		"nothing there":                                        {usual, []string{t.TempDir()}, nil},
	} {
		if got := look(c.usual, c.folders...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWhatWasFoundIsToldKindByKind(t *testing.T) {
	docker := estate.FoundServer{Kind: ops.SourceDocker, At: "unix:///d.sock", Version: "28.0", Running: []string{"web", "db"}}
	pg := estate.FoundServer{Kind: ops.SourcePostgres, At: "127.0.0.1:5432"}
	for name, c := range map[string]struct {
		servers []estate.FoundServer
		lines   string
		counts  string
		advice  int
	}{
		"nothing": {nil, "  no Docker daemon, no Prometheus and no PostgreSQL on their usual places\n",
			"0 Docker daemons, 0 Prometheus servers, 0 PostgreSQL servers, 0 containers", 0},
		"two kinds": {[]estate.FoundServer{pg, docker}, "  Docker 28.0 at unix:///d.sock, 2 containers running\n  PostgreSQL at 127.0.0.1:5432\n",
			"1 Docker daemons, 0 Prometheus servers, 1 PostgreSQL servers, 2 containers", 1},
		"a daemon that runs nothing": {[]estate.FoundServer{{Kind: ops.SourceDocker, At: "unix:///d.sock", Version: "28.0", Running: []string{}}},
			"  Docker 28.0 at unix:///d.sock, 0 containers running\n", "1 Docker daemons, 0 Prometheus servers, 0 PostgreSQL servers, 0 containers", 0},
	} {
		var b strings.Builder
		found := estate.Found{Servers: c.servers}
		writeFound(&b, found)
		counts, advice := countFound(found)
		if b.String() != c.lines || counts != c.counts || len(advice) != c.advice {
			t.Errorf("%s: %q, %q, %q", name, b.String(), counts, advice)
		}
	}
}

// A kind that wire forgets would be checked, described and never read.
func TestEveryKindOfSourceIsWired(t *testing.T) {
	address := map[ops.SourceKind]string{
		ops.SourcePrometheus:   `url: "http://127.0.0.1:1"`,
		ops.SourceAlertmanager: `url: "http://127.0.0.1:1"`,
		ops.SourceDocker:       `host: "unix:///nowhere.sock"`,
		ops.SourcePostgres:     `dsn: "postgres://h/db"`,
	}
	text := "estate: all\nsources:\n"
	var kinds []ops.SourceKind
	for k := ops.SourceKindUnknown + 1; ; k++ {
		var same ops.SourceKind
		if err := same.UnmarshalText([]byte(k.String())); err != nil || same != k {
			break // the last one is behind us
		}
		kinds = append(kinds, k)
		if k == ops.SourcePgBackRest || k == ops.SourceBaseBackup { // they have a section of their own
			continue
		}
		text += fmt.Sprintf("  %s: {kind: %s, %s}\n", k, k, address[k])
	}
	text += "backups:\n  plan: {engine: pgbackrest, stanza: main, repositories: {local: {number: 1}}}\n  own: {engine: basebackup, folder: /backup/own}\n"
	path := filepath.Join(t.TempDir(), "estate.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := estate.Load(path, env())
	if err != nil {
		t.Fatal(err)
	}
	eng := wire(f, ops.AgentLocal, nil, slog.New(slog.DiscardHandler))
	if len(kinds) < 4 {
		t.Fatalf("the kinds end at %v: the test looks in the wrong place", kinds)
	}
	wired := map[ops.SourceKind]bool{}
	for _, c := range eng.Collectors {
		wired[c.Source().Kind] = true
	}
	for _, kind := range kinds {
		if !wired[kind] {
			t.Errorf("no collector of kind %s", kind)
		}
	}
}
