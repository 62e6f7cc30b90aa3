package judge

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"slices"
	"syscall"
	"time"

	"opsdeck/ops"
)

// SourceState says how a source stands after an attempt that ended with err.
// The words of the second result name the cause.
func SourceState(err error) (ops.SourceState, ops.Text) {
	var timeout net.Error
	switch {
	case err == nil:
		return ops.SourceOK, ops.Text{}
	case ops.CodeOf(err) == ops.CodeDenied, errors.Is(err, fs.ErrPermission):
		return ops.SourceDenied, ops.AsError(err).What
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return ops.SourceSilent, ops.Lit("accepts connections, gives no answer")
	case errors.Is(err, syscall.ECONNREFUSED):
		return ops.SourceRefused, ops.Lit("connection refused: nobody listens")
	case errors.Is(err, fs.ErrNotExist):
		return ops.SourceRefused, ops.Lit("its socket does not exist")
	}
	return ops.SourceFailing, ops.Clean(err.Error())
}

// Stale reports whether a source whose last answer ended at last has missed so
// many intervals that its values may not be called good any more, whatever its
// poller believes.
func Stale(e ops.Estate, s ops.Source, now time.Time) bool {
	return s.State == ops.SourceOK && now.Sub(s.LastGood) > time.Duration(e.Limits.StaleAfter)*s.Every
}

// noteLevel is that of a source that answers and warns of something.
const noteLevel = ops.LevelWarning

// judgeSources says how much each source asks for, and which are to be doubted.
func judgeSources(e ops.Estate, b *ops.Board) bool {
	return judgeEach(&b.Sources, func(s *ops.Source) bool {
		was, doubt := s.Level, s.Doubt
		s.Doubt = ops.Text{}
		if s.State == ops.SourceOK && unwatched(e, b, *s) {
			s.Doubt = ops.Textf("%s has no %s", s.Name, e.Watchdog)
		}
		s.Level = sourceLevel(*s)
		return was != s.Level || doubt != s.Doubt
	})
}

// sourceLevel makes the whole unknown where a required source cannot be read or
// believed. What the estate calls optional may be away: that is information.
func sourceLevel(s ops.Source) ops.Level {
	switch {
	case s.State != ops.SourceOK && !s.Required:
		return ops.LevelInfo
	case s.State != ops.SourceOK, !s.Doubt.Empty():
		return ops.LevelUnknown
	case len(s.Notes) > 0:
		return noteLevel
	}
	return ops.LevelOK
}

// unwatched reports whether a Prometheus lacks the alert that always fires. It is
// not asked of what only an Alertmanager has.
func unwatched(e ops.Estate, b *ops.Board, s ops.Source) bool {
	if e.Watchdog.Empty() || s.Kind != ops.SourcePrometheus {
		return false
	}
	for _, r := range b.Alerts {
		if r.Source == s.Name && r.Fresh() {
			return !slices.ContainsFunc(r.Value, func(a ops.Alert) bool { return a.State == ops.AlertFiring && a.Name == e.Watchdog })
		}
	}
	return false
}

// doubtFinding is what a source asks of the reader that answers and is not believed.
func doubtFinding(s ops.Source) ops.Finding {
	return ops.Finding{Level: s.Level, Ref: s.Ref, What: s.Doubt,
		Cause: ops.Lit("the alert that always fires does not: rules are not loaded or not evaluated"),
		Next:  words(ops.Lit("look at the rules and the log of Prometheus"))}
}

// sourceFinding is what a source that is not ok asks of the reader.
func sourceFinding(s ops.Source) ops.Finding {
	return ops.Finding{Level: s.Level, Ref: s.Ref, What: ops.Textf("%s %s", s.Name, s.State),
		Cause: s.Why, Next: nextForSource(s), Since: s.Since}
}

func nextForSource(s ops.Source) []ops.Next {
	if !s.Remedy.Empty() { // whoever made the error knows more than the state tells
		return words(s.Remedy)
	}
	switch s.State {
	case ops.SourceSilent:
		return words(ops.Textf("the process hangs or the network drops packets: look at %s on its host", s.Name))
	case ops.SourceRefused:
		return words(ops.Textf("start %s, or correct its address in the estate", s.Name))
	case ops.SourceDenied:
		return words(ops.AsError(ops.Errorf(ops.CodeDenied, "give this user access, see opsdeck doctor")).What)
	case ops.SourceStale:
		return words(ops.Lit("values are old: wait for the next answer, or run opsdeck doctor"))
	case ops.SourcePending:
		return nil // there is nothing to do but to wait
	}
	return words(ops.Lit("opsdeck doctor shows the whole answer"))
}
