//go:build lab

package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/store"
)

// unrepeated is how long an Alertmanager of this test keeps what nobody tells it again.
const unrepeated = 4 * time.Second

// soonEnough bounds every wait; machines that test are busy.
const soonEnough = 2 * time.Minute

// freeLoopback is an address that nobody listens on.
func freeLoopback(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// ownServer starts a server of the test's own with a configuration, and waits until it
// is ready. It ends with the test, frozen or not.
func ownServer(t *testing.T, address, conf string, argv ...string) *os.Process {
	t.Helper()
	file := filepath.Join(t.TempDir(), "conf.yml")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(argv[0], append(argv[1:], "--config.file="+file, "--web.listen-address="+address)...)
	said := &bytes.Buffer{}
	c.Stderr = said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGCONT)
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	for end := time.Now().Add(soonEnough); ; time.Sleep(50 * time.Millisecond) { // polled with a deadline: nothing tells of it
		if resp, err := http.Get("http://" + address + "/-/ready"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return c.Process
			}
		}
		if time.Now().After(end) {
			t.Fatalf("%s is not ready:\n%s", argv[0], said)
		}
	}
}

// TestLabWhatBurnsOutlivesAPrometheusThatFreezes: an Alertmanager forgets what a frozen
// Prometheus does not repeat, and that is no sign that it is over.
func TestLabWhatBurnsOutlivesAPrometheusThatFreezes(t *testing.T) {
	pager, prom := freeLoopback(t), freeLoopback(t)
	ownServer(t, pager, fmt.Sprintf("global: {resolve_timeout: %s}\nroute: {receiver: none, group_wait: 0s}\nreceivers: [{name: none}]\n", unrepeated),
		"prometheus-alertmanager", "--cluster.listen-address=", "--log.level=error", "--storage.path="+t.TempDir())
	rules := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(rules, []byte("groups: [{name: g, rules: [{alert: Burns, expr: vector(1), labels: {severity: critical}}]}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := ownServer(t, prom, fmt.Sprintf("global: {evaluation_interval: 1s}\nrule_files: [%q]\nalerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}\n", rules, pager),
		"prometheus", "--rules.alert.resend-delay="+(unrepeated/4).String(), "--log.level=error", "--storage.tsdb.path="+t.TempDir()) // it says that an alert ends four of these later
	history, events := paired(t, fmt.Sprintf("estate: frozen\nenvironment: staging\nsources:\n"+
		"  prom: {kind: prometheus, url: \"http://%s\", every: 1s, timeout: 1s}\n  pager: {kind: alertmanager, url: \"http://%s\", every: 1s, timeout: 1s}\n", prom, pager))
	var seen ops.Board
	until := func(what string, is func(ops.Board) bool) {
		t.Helper()
		for late := time.After(soonEnough); ; {
			select {
			case e := <-events:
				if seen = e.Board; is(seen) {
					return
				}
			case <-late:
				t.Fatalf("%s is not seen: %s", what, headless(seen))
			}
		}
	}
	paged := func(b ops.Board) bool {
		a, from := one(b, "Burns")
		return a != nil && a.State == ops.AlertFiring && from == ops.SourceOK && a.Paging.State == ops.PagingActive
	}
	until("the alert and that it is paged", paged)

	if err := server.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	page := fmt.Sprintf(`[{"labels":{"alertname":"Meanwhile","severity":"critical"},"startsAt":%q}]`, time.Now().UTC().Format(time.RFC3339))
	until("that it is frozen", func(b ops.Board) bool { _, from := one(b, "Burns"); return from != ops.SourceOK })
	resp, err := http.Post("http://"+pager+"/api/v2/alerts", "application/json", strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	until("the page that came meanwhile", func(b ops.Board) bool { a, _ := one(b, "Meanwhile"); return a != nil && a.Told.IsZero() })
	until("that Alertmanager has forgotten both", func(b ops.Board) bool {
		a, _ := one(b, "Meanwhile")
		return a != nil && !a.Told.IsZero()
	})
	if a, _ := one(seen, "Burns"); a == nil || a.State != ops.AlertFiring {
		t.Errorf("what burned before is gone: %+v", a)
	}
	words := headless(seen)
	for _, want := range []string{"alerts firing: 2 crit", "critical  2 firing", "critical Meanwhile was firing", "critical Burns     was firing"} {
		if !strings.Contains(words, want) {
			t.Errorf("%q is not in:\n%s", want, words)
		}
	}
	if told := cleared(t, history); told != "" {
		t.Errorf("while nobody can know: %s", told)
	}

	if err := server.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	until("that all is as it should be", func(b ops.Board) bool { a, _ := one(b, "Meanwhile"); return a == nil && paged(b) })
	if a, _ := one(seen, "Burns"); !a.Told.IsZero() {
		t.Errorf("Prometheus tells of it, and it is last told at %s", a.Told)
	}
	told := ""
	for late := time.Now().Add(soonEnough); told == "" && time.Now().Before(late); time.Sleep(50 * time.Millisecond) { // the board does not wait for the disk
		told = cleared(t, history)
	}
	if told != "critical Meanwhile has cleared\n" {
		t.Errorf("the history has:\n%s", told)
	}
}

// one is an alert of the board as its sources tell of it now.
func one(b ops.Board, name string) (found *ops.Alert, from ops.SourceState) {
	for _, d := range ops.DistinctAlerts(b.Alerts) {
		if d.Alert.Name.String() == name {
			found, from = d.Alert, d.From.State
		}
	}
	return found, from
}

// cleared is what the history says has cleared.
func cleared(t *testing.T, history *store.Store) (words string) {
	t.Helper()
	recs, err := history.History(ops.Query{Kinds: []ops.RecordKind{ops.RecordAlert}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range recs {
		if strings.Contains(r.What.String(), "has cleared") {
			words += r.What.String() + "\n"
		}
	}
	return words
}

// headless is a board as snapshot prints it.
func headless(b ops.Board) string {
	var out bytes.Buffer
	for _, view := range []string{"overview", "alerts"} {
		if err := report.Write(&out, report.New(b, time.Now(), view), "text"); err != nil {
			return err.Error()
		}
	}
	return out.String()
}
