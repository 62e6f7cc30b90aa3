package main

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"opsdeck/internal/postgrestest"
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
			dsns = append(dsns, p.DSN)
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
