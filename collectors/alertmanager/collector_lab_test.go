//go:build lab

package alertmanager

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/internal/labtest"
	"opsdeck/ops"
)

func TestLabServer(t *testing.T) {
	labtest.Whole(t)
	url := os.Getenv("OPSDECK_LAB_ALERTMANAGER_URL")
	if url == "" {
		t.Fatal("OPSDECK_LAB_ALERTMANAGER_URL is not set: start the lab and take its env")
	}
	c := realCollector(t, url)
	var f ops.Observation
	var err error
	until(t, "it has heard of the alert that always fires", func() bool {
		f, err = c.Collect(t.Context())
		return err != nil || len(*f.AlertmanagerAlerts) > 0
	})
	if err != nil || f.Version.Empty() || len(*f.AlertmanagerAlerts) == 0 || len(f.Peers) != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	for _, a := range *f.AlertmanagerAlerts {
		if a.Fingerprint.Empty() || a.Starts.IsZero() || len(a.Paging.Receivers) == 0 || a.Paging.State == ops.PagingUnknown {
			t.Errorf("%+v", a)
		}
	}
	t.Logf("version %s, %d alerts, %d silences, notes %v", f.Version, len(*f.AlertmanagerAlerts), len(*f.Silences), f.Notes)
}

func TestLabSilenceLifeCycle(t *testing.T) {
	s := startServer(t)
	m := meddle(t, s.url)
	c := realCollector(t, m.url)
	run := "life\u001b[2J"
	post(t, s.url, 10*time.Minute, map[string]string{"alertname": "Cause", "run": "r"}, map[string]string{"alertname": "Effect", "run": "r"})
	// The answer is lost: the silence is found, and there is one.
	m.lose.Store(true)
	id, notes, err := c.Post(t.Context(), realWish("r", time.Hour))
	m.lose.Store(false)
	if err != nil || id.Empty() || m.posted.Load() != 1 || !strings.Contains(fmt.Sprint(notes), "the answer was lost") {
		t.Fatalf("%s, %v, %v, %d posts", id, notes, err, m.posted.Load())
	}
	again, _, err := c.Post(t.Context(), realWish("r", time.Hour))
	if err != nil || again != id || len(silencesOf(t, c, "r")) != 1 {
		t.Fatalf("%s, %v", again, err)
	}
	f, err := c.Collect(t.Context())
	if err != nil || len(*f.AlertmanagerAlerts) != 2 {
		t.Fatalf("%+v, %v", f, err)
	}
	for _, a := range *f.AlertmanagerAlerts {
		if a.Paging.State != ops.PagingSilenced || a.Paging.SilencedBy[0] != id || a.Expr.String() != "up == 0" {
			t.Errorf("%+v", a)
		}
	}
	if one := silencesOf(t, c, "r")[0]; one.State != ops.SilenceActive || one.Purpose != ops.PurposeAck {
		t.Errorf("%+v", one)
	}
	ends := silencesOf(t, c, "r")[0].Ends.Add(time.Hour)
	for i, lose := range []bool{false, true} {
		m.lose.Store(lose)
		got, notes, err := c.Extend(t.Context(), id, ends.Add(time.Duration(i)*time.Hour))
		m.lose.Store(false)
		if err != nil || got != id || lose != strings.Contains(fmt.Sprint(notes), "the answer was lost") {
			t.Errorf("extend: %s, %v, %v", got, notes, err)
		}
	}
	if one := silencesOf(t, c, "r"); len(one) != 1 || !one[0].Ends.Equal(ends.Add(time.Hour)) {
		t.Errorf("%+v", one)
	}
	if notes, err := c.Expire(t.Context(), id); err != nil || len(notes) != 0 {
		t.Errorf("%v, %v", notes, err)
	}
	f, err = c.Collect(t.Context())
	if err != nil || len(*f.Silences) != 1 || (*f.Silences)[0].State != ops.SilenceExpired {
		t.Errorf("%+v, %v", f.Silences, err)
	}
	for _, a := range *f.AlertmanagerAlerts { // what the silence hid: one is inhibited by the other
		want := map[string]ops.PagingState{"Cause": ops.PagingActive, "Effect": ops.PagingInhibited}[ops.LabelOf(a.Labels, "alertname").String()]
		if a.Paging.State != want {
			t.Errorf("%+v", a)
		}
	}
	if notes, err := c.Expire(t.Context(), id); err != nil || !strings.Contains(fmt.Sprint(notes), "expired before") {
		t.Errorf("twice: %v, %v", notes, err)
	}
	if _, err := c.Expire(t.Context(), ops.Lit("00000000-0000-4000-8000-000000000000")); ops.CodeOf(err) != ops.CodeNotFound {
		t.Errorf("unknown: %v", err)
	}
	// Once expired it is no equal: a new one is made.
	if third, _, err := c.Post(t.Context(), realWish("r", time.Hour)); err != nil || third == id {
		t.Errorf("%s, %v", third, err)
	}
	for name, change := range map[string]func(*ops.Silence){
		"past end":       func(s *ops.Silence) { s.Ends = time.Now().Add(-time.Minute) },
		"bad expression": func(s *ops.Silence) { s.Matchers[0].Op, s.Matchers[0].Value = ops.MatchRegexp, ops.Lit("(") },
	} {
		w := realWish(run, time.Hour)
		change(&w)
		if _, _, err := c.Post(t.Context(), w); ops.CodeOf(err) != ops.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLabPlannedWindow(t *testing.T) {
	s := startServer(t)
	c := realCollector(t, s.url)
	w := realWish("later", 3*time.Hour)
	w.Starts = time.Now().Add(time.Hour)
	id, _, err := c.Post(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if again, _, err := c.Post(t.Context(), w); err != nil || again != id {
		t.Errorf("%s, %v", again, err)
	}
	if one := silencesOf(t, c, "later"); len(one) != 1 || one[0].State != ops.SilencePending || one[0].Starts.Sub(w.Starts).Abs() > time.Second {
		t.Errorf("%+v", one)
	}
	if got, _, err := c.Extend(t.Context(), id, w.Ends.Add(time.Hour)); err != nil || got != id {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := c.Expire(t.Context(), id); err != nil || silencesOf(t, c, "later")[0].State != ops.SilenceExpired {
		t.Errorf("%v", err)
	}
}

func TestLabHostileTextEndToEnd(t *testing.T) {
	s := startServer(t)
	c := realCollector(t, s.url)
	evil := "\u001b]52;c;cm0=\u0007\u009b2J\u202egnp\r\nx" + strings.Repeat("y", 1<<20)
	post(t, s.url, time.Minute, map[string]string{"alertname": evil, "run": evil})
	if _, _, err := c.Post(t.Context(), ops.Silence{Matchers: []ops.Matcher{{Name: ops.Lit("run"), Op: ops.MatchRegexp, Value: ops.Lit("(?s:.*)cm0=(?s:.*)")}},
		By: ops.Lit("ana"), Comment: ops.Lit("x"), Ends: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	f, err := c.Collect(t.Context())
	if err != nil || len(*f.AlertmanagerAlerts) != 1 || (*f.AlertmanagerAlerts)[0].Paging.State != ops.PagingSilenced {
		t.Fatalf("%.2000v, %v", f, err)
	}
	all := fmt.Sprint(*f.AlertmanagerAlerts, *f.Silences, f.Notes)
	if strings.ContainsAny(all, "\u001b\u0007\r\n\u009b\u202e") || len(all) > 20_000 || !strings.Contains(all, "␛]52;c;cm0=␇<U+009B>2J<U+202E>gnp␍␊x") {
		t.Errorf("%.300q", all)
	}
}

func TestLabCluster(t *testing.T) {
	a := startServer(t)
	b := startServer(t, a)
	c := realCollector(t, a.url, b.url)
	f, err := c.Collect(t.Context())
	if err != nil || !strings.Contains(notesOf(f), "a: up less than two minutes") || !strings.Contains(notesOf(f), "b: settling") {
		t.Errorf("%s, %v", notesOf(f), err)
	}
	// Only one of them hears of an alert; what is silenced reaches both.
	post(t, a.url, 10*time.Minute, map[string]string{"alertname": "OnlyA", "run": "r"})
	until(t, "they see each other", func() bool {
		f, err := c.Collect(t.Context())
		return err == nil && !strings.Contains(notesOf(f), "sees 1 of 2")
	})
	id, notes, err := c.Post(t.Context(), realWish("r", time.Hour))
	if err != nil || len(notes) != 0 {
		t.Errorf("%s, %v, %v", id, notes, err)
	}
	for _, p := range c.peers {
		if s, err := p.silence(t.Context(), id); err != nil || s.State != ops.SilenceActive {
			t.Errorf("%s: %+v, %v", p.name, s, err)
		}
	}
	f, err = c.Collect(t.Context())
	if err != nil || len(*f.AlertmanagerAlerts) != 1 || f.Peers[0].Count != 1 || f.Peers[1].Count != 0 {
		t.Errorf("%+v, %v", f, err)
	}
	// Two minutes on, the same is a disagreement.
	later := realCollector(t, a.url, b.url)
	later.cfg.Now = func() time.Time { return time.Now().Add(3 * time.Minute) }
	if f, err := later.Collect(t.Context()); err != nil || !strings.Contains(notesOf(f), "b: lacks 1 of 1 alert that other peers hold: OnlyA") {
		t.Errorf("%s, %v", notesOf(f), err)
	}
	faults(t, c, a, b, id)
}

// faults freezes, ends and restarts the second of two members.
func faults(t *testing.T, c *Collector, a, b *server, id ops.Text) {
	t.Helper()
	c.cfg.Timeout = 3 * time.Second // is waited for, where a member is frozen
	b.freeze()
	began := time.Now()
	f, err := c.Collect(t.Context())
	if err != nil || f.Peers[0].State != ops.SourceOK || f.Peers[1].State != ops.SourceSilent || len(*f.AlertmanagerAlerts) != 1 || time.Since(began) > 9*time.Second {
		t.Errorf("frozen: %+v, %v, %s", f, err, time.Since(began))
	}
	ends := silencesOf(t, c, "r")[0].Ends.Add(time.Hour)
	if got, notes, err := c.Extend(t.Context(), id, ends); err != nil || got != id || !strings.Contains(fmt.Sprint(notes), "peer b cannot be asked") {
		t.Errorf("extend with b frozen: %s, %v, %v", got, notes, err)
	}
	a.freeze()
	if f, err := c.Collect(t.Context()); !errors.Is(err, context.DeadlineExceeded) || f.AlertmanagerAlerts != nil {
		t.Errorf("both frozen: %+v, %v", f, err)
	}
	if _, _, err := c.Post(t.Context(), realWish("r2", time.Hour)); ops.CodeOf(err) != ops.CodeUnavailable || !strings.Contains(err.Error(), "nothing was done") {
		t.Errorf("both frozen: %v", err)
	}
	a.signal(syscall.SIGCONT)
	b.kill()
	f, err = c.Collect(t.Context())
	if err != nil || f.Peers[1].State != ops.SourceRefused || !strings.Contains(notesOf(f), "b: connection refused") {
		t.Errorf("ended: %+v, %v", f.Peers, err)
	}
	b.start()
	until(t, "the restarted one has the silence", func() bool {
		s, err := c.peers[1].silence(t.Context(), id)
		return err == nil && s.Ends.Equal(ends)
	})
	f, err = c.Collect(t.Context())
	if err != nil || !strings.Contains(notesOf(f), "b: up less than two minutes") || f.Peers[1].State != ops.SourceOK {
		t.Errorf("restarted: %s, %+v, %v", notesOf(f), f.Peers, err)
	}
}

func TestLabClockSkew(t *testing.T) {
	m := meddle(t, startServer(t).url)
	m.skew.Store(int64(-90 * time.Second))
	c := realCollector(t, m.url)
	f, err := c.Collect(t.Context())
	if err != nil || !strings.Contains(notesOf(f), "its clock is 1 min") || !strings.Contains(notesOf(f), "behind ours") {
		t.Errorf("%s, %v", notesOf(f), err)
	}
}
