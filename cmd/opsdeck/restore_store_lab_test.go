//go:build lab

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/actions/backup"
	"opsdeck/internal/s3test"
	"opsdeck/ops"
)

// TestLabAnEncryptedStoreIsRestoredFrom by a restore, by its procedure on paper, and by a drill;
// no secret stands on the paper or in what is said of it.
func TestLabAnEncryptedStoreIsRestoredFrom(t *testing.T) {
	t.Parallel()
	l, s3 := newLabRestores(t), s3test.Start(t)
	const cipher = "a-cipher-pass-of-the-lab"
	l.set(fmt.Sprintf("repo2-path=%s/repo2\n", l.Dir), s3Repository(l.labBackups, s3, s3.Key, s3.Secret, cipher))
	l.Does("stanza-create")
	plan := ops.BackupPlan{Name: ops.Lit("nightly"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("two"), Key: 2, Keys: ops.Lit("vault kv/dr")}}}
	l.plan.Plan = plan
	l.restore = restoreAction(l.col, l.plan, otherAccount(l.account()), keptChild(l.history, otherAccount(l.account()), noSecrets))
	l.action = asServer{l.restore, l.argv}
	l.Exec("postgres", "CREATE TABLE commits (n int)")
	l.Exec("postgres", "INSERT INTO commits VALUES (1)")
	l.does("succeeded: two: full backup ", "backup.run", "repository=two")
	l.Exec("postgres", "INSERT INTO commits VALUES (2)")
	at := l.position()
	l.Exec("postgres", "INSERT INTO commits VALUES (3)")
	l.position()

	target := []string{"target=lsn", "at=" + at.String()}
	if got := l.rows(l.restores("succeeded: two: ", target...)); got != "1 2" {
		t.Errorf("it gives %q", got)
	}
	paper, said, err := l.written(target...)
	if err != nil {
		t.Fatalf("on paper: %v\n%s", err, said)
	}
	if got := l.rows(paper); got != "1 2" {
		t.Errorf("on paper it gives %q\n%s", got, said)
	}
	text, err := os.ReadFile(filepath.Join(l.Dir, "restore.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"two is encrypted: its key is repo2-cipher-pass in " + l.Config, "repo2-s3-key", "vault kv/dr"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the paper does not say %q", want)
		}
	}

	v := l.board().Backups[0].Value
	for i := range v.Repositories {
		v.Repositories[i].Seen = ops.WALPosition{Timeline: 1, LSN: at, At: time.Now()}
	}
	l.checks = []ops.RestoreCheck{{Name: ops.Lit("commits"), Database: "postgres", SQL: "SELECT count(*) FROM commits", Want: ops.Lit("2")}}
	var out heard
	call := func(_ int, set string) []string { return l.Argv("--set="+set, "restore") }
	d := tried(t.Context(), t, backup.NewDrill(l.col, plan, backup.Tries{Try: l.try, Call: call, Beside: besideNothing}, time.Now), v, "succeeded: two: ", &out)
	if d.Repository.String() != "two" || !d.Whole() || d.Reached < at {
		t.Errorf("the drill shows %+v", d)
	}
	nothingLeft(t, l.scratch)
	if served, refused := s3.Counts(); served == 0 || refused > 0 {
		t.Errorf("%d requests were served, %d had a wrong signature", served, refused)
	}
	for _, secret := range []string{s3.Secret, s3.Key, cipher} {
		if all := string(text) + said + strings.Join(out.lines, "\n"); strings.Contains(all, secret) {
			t.Errorf("%q was told: %s", secret, all)
		}
	}
}
