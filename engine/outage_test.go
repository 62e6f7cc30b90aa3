package engine_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/ops"
)

func TestHowOftenAFailingSourceIsAsked(t *testing.T) {
	for what, tc := range map[string]struct {
		fail        func(*server)
		least, most int // questions in two minutes; a well source of every 10 s gets 11 to 14
	}{
		"down: its return is waited for":         {func(s *server) { s.err = fmt.Errorf("ask: %w", syscall.ECONNREFUSED) }, 36, 45},
		"starting":                               {func(s *server) { s.err = ops.Errorf(ops.CodeUnavailable, "replaying WAL 1/3") }, 36, 45},
		"silent: each question waits":            {func(s *server) { s.hang = true }, 5, 7},
		"turns us away: logins may be counted":   {func(s *server) { s.err = ops.Errorf(ops.CodeDenied, "401") }, 6, 8},
		"answers nonsense: as often as it works": {func(s *server) { s.err = ops.Errorf(ops.CodeInvalid, "no JSON") }, 11, 14},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				defer w.stop()
				w.server.set(tc.fail)
				time.Sleep(15 * time.Second)
				before := w.server.count()
				time.Sleep(2 * time.Minute)
				if n := w.server.count() - before; n < tc.least || n > tc.most {
					t.Errorf("%d questions, want %d to %d", n, tc.least, tc.most)
				}
			})
		})
	}
}

func TestARestartBetweenTwoQuestionsIsNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		defer w.stop()
		up := time.Now().Add(-time.Hour)
		restarts := func() (all []string) {
			for _, r := range w.board().Changes {
				if r.Kind == ops.RecordSource && strings.Contains(r.What.String(), "restarted") {
					all = append(all, r.Level.String()+" "+r.What.String())
				}
			}
			return all
		}
		for _, tc := range []struct {
			what string
			up   time.Time
			want int
		}{
			{"its first word", up, 0}, {"the same, worked out anew", up.Add(300 * time.Millisecond), 0},
			{"it does not say", time.Time{}, 0}, {"another process", up.Add(time.Hour), 1}, {"still that one", up.Add(time.Hour), 1},
		} {
			w.server.set(func(s *server) { s.facts.Up = tc.up })
			time.Sleep(15 * time.Second)
			if got := restarts(); len(got) != tc.want || tc.want > 0 && !strings.HasPrefix(got[0], "warning docker was restarted, up since ") {
				t.Errorf("%s: %q", tc.what, got)
			}
		}
	})
}
