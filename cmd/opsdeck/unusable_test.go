package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/ops"
)

// TestABadSourceIsAFailingSource gives each kind of source what it cannot be asked with, beside
// one that is good: the bad one is named with its cause and a remedy, nothing of a secret is told, and the
// good one is asked.
func TestABadSourceIsAFailingSource(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "text.pem"), []byte("s3cr3t is no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := env("EMPTY", "", "PW", "ab%zzs3cr3t", "TAIL", "postgres://u:12/s3cr3t@h/db", "ODD", "s3cr3t")
	web := []string{
		`url: "ftp://h"`, `url: "http://${NONE}"`, `url: "${EMPTY}"`, `url: "http://u:${ODD}@h"`, `url: "http://h:${ODD}"`, `every: "1s"`,
		`url: "http://127.0.0.1:1", timeout: "${ODD}"`, `url: "http://127.0.0.1:1", urll: x`,
		`url: "http://127.0.0.1:1", http_config: {basic_auth: {username: u, password: "${NONE}"}}`, `url: "http://127.0.0.1:1", http_config: {authorization: {credentials: "${EMPTY}"}}`,
		`url: "https://127.0.0.1:1", http_config: {tls_config: {ca_file: none.pem}}`, `url: "https://127.0.0.1:1", http_config: {tls_config: {ca_file: text.pem}}`,
		`url: "https://127.0.0.1:1", http_config: {tls_config: {cert_file: text.pem}}`, `url: "http://127.0.0.1:1", http_config: {proxy_url: "gopher://h"}`,
		`url: "http://127.0.0.1:1", http_config: {basic_auth: {username: u, password_file: none}}`, `url: "http://127.0.0.1:1", http_config: {http_headers: {X-T: {files: [none]}}}`,
	}
	bad := map[ops.SourceKind][]string{
		ops.SourcePrometheus:   web,
		ops.SourceAlertmanager: append(web, `peers: {a: "http://${NONE}"}`, `peers: {}`),
		ops.SourceDocker: {`host: "npipe://x"`, `host: "tcp://h"`, `host: "${EMPTY}"`, `host: "${NONE}"`, `host: "ssh://u:${ODD}@h"`, `host: "tcp://127.0.0.1:1", tls_config: {ca_file: none.pem}`,
			`host: "tcp://127.0.0.1:1", tls_config: {cert_file: text.pem, key_file: text.pem}`},
		ops.SourcePostgres: {`dsn: "nonsense"`, `dsn: "postgres://u:${NONE}@h/db"`, `dsn: "postgres://u:${EMPTY}@h/db"`, `dsn: "${TAIL}"`, `dsn: "postgres://h:${ODD}/db"`, `dsn: "host=h port=nan"`,
			`dsn: "host=h", password: "${NONE}"`, `dsn: "host=h", password: "${EMPTY}"`, `dsn: "host=h", password_file: none`, `dsn: "host=h", passfile: none`, `dsn: "postgres://h/db?sslrootcert=/none"`,
			`dsn: "postgres://h/db?sslmode=odd"`, `dsn: "host=127.0.0.1 port=1", actions: {user: a, password_file: none}`, `dsn: "host=h", password: "${PW}", passfile: none`},
	}
	backups := "stanza: main, repositories: {local: {number: 1}}"
	bad[ops.SourcePgBackRest] = []string{"repositories: {local: {number: 1}}", "stanza: main", `stanza: "a b", repositories: {local: {number: 1}}`, "stanza: main, repositories: {}", "stanza: main, repositories: {a: {number: 1}, b: {number: 1}}",
		"stanza: main, repositories: {a: {}}", backups + ", config: here", backups + ", every: 1ms", backups + ", stanzaa: x", backups + `, run_as: "a b"`, backups + `, command: "${EMPTY}"`, backups + ", command: /nowhere/pgbackrest", backups + ", oldest: {full: x}"}
	own := "folder: /nowhere/backups"
	bad[ops.SourceBaseBackup] = []string{"slot: s", "folder: here", own, own + ", slot: Big", own + ", stanza: main", own + ", programs: bin", own + `, login: {user: a, password: "${NONE}"}`, own + ", login: {password_file: none}"}
	if len(bad) != len(sourceKinds())+1 { // two engines of backups
		t.Errorf("%d kinds are tried, there are %d", len(bad), len(sourceKinds()))
	}
	for kind, all := range bad {
		for _, says := range all {
			path := filepath.Join(dir, "estate.yaml")
			entry := "  bad: {kind: " + kind.String() + ", " + says + "}\n"
			if kind == ops.SourcePgBackRest || kind == ops.SourceBaseBackup {
				entry = "backups:\n  bad: {engine: " + kind.String() + ", database: none, " + says + "}\n"
			}
			text := "estate: e\nsources:\n  good: {kind: docker, host: \"unix:///nowhere.sock\"}\n" + entry
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := estate.Usable(path, e)
			if err != nil {
				t.Errorf("%s, %s: %v", kind, says, err)
				continue
			}
			c, stop := local(t.Context(), f)
			b, err := round(t.Context(), c, 2*time.Second)
			stop()
			if err != nil || len(b.Sources) != 2 {
				t.Errorf("%s, %s: %v, %d sources", kind, says, err, len(b.Sources))
				continue
			}
			for _, s := range b.Sources {
				told := s.Why.String() + " " + s.Remedy.String()
				switch {
				case s.Name.String() == "good" && s.State != ops.SourceRefused:
					t.Errorf("%s, %s: the good one is %s", kind, says, s.State)
				case s.Name.String() == "bad" && (s.State == ops.SourceOK || s.Why.Empty() || s.Kind != kind || strings.Contains(told, "s3cr3t")):
					t.Errorf("%s, %s: %s %s %q", kind, says, s.Kind, s.State, told)
				case s.Name.String() == "bad" && s.Remedy.Empty() && s.State != ops.SourceRefused: // which judge has words for
					t.Errorf("%s, %s: %q has no remedy", kind, says, told)
				}
			}
		}
	}
}
