package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/engine"
	"opsdeck/ops"
)

// pinged is a server that is polled seldom, and may be asked in between whether it answers.
type pinged struct {
	*server
	pings int
}

func (s *pinged) Source() ops.SourceInfo {
	info := s.server.Source()
	info.Every, info.Timeout = 15*time.Second, 5*time.Second
	return info
}

func (s *pinged) Ping(ctx context.Context) error {
	s.mu.Lock()
	s.pings++
	hang := s.hang
	s.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func TestASourceThatHangsIsToldWithinSixSeconds(t *testing.T) {
	for at := range 15 { // whenever after a poll it is that it hangs
		synctest.Test(t, func(t *testing.T) {
			var s *pinged
			w := newWorld(t, func(c *engine.Config) {
				s = &pinged{server: c.Collectors[0].(*server)}
				c.Collectors = []ops.Collector{s}
			})
			defer w.stop()
			state := func() ops.SourceState { return w.board().Sources[0].State }
			time.Sleep(time.Duration(at)*time.Second + 100*time.Millisecond)
			s.set(func(s *server) { s.hang = true })
			time.Sleep(6 * time.Second)
			if got := state(); got != ops.SourceSilent {
				t.Errorf("6 s after it began to hang: %s", got)
			}
			time.Sleep(time.Minute)
			s.set(func(s *server) { s.hang = false })
			time.Sleep(14 * time.Second) // a ping that hangs ends first, and a silent one is pinged less often
			if got := state(); got != ops.SourceOK {
				t.Errorf("after its return: %s", got)
			}
		})
	}
}

func TestPingsAreFewAndMakeNoPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *pinged
		w := newWorld(t, func(c *engine.Config) {
			s = &pinged{server: c.Collectors[0].(*server)}
			c.Collectors = []ops.Collector{s}
		})
		defer w.stop()
		time.Sleep(time.Minute)
		s.mu.Lock()
		n := s.pings
		s.mu.Unlock()
		if n > 30 {
			t.Errorf("%d pings a minute", n)
		}
		if n := s.count(); n > 6 {
			t.Errorf("%d polls a minute: a ping made some", n)
		}
	})
}
