package judge

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
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

// sourceFinding is what a source that is not ok asks of the reader.
func sourceFinding(s ops.Source) ops.Finding {
	f := ops.Finding{
		Level: ops.LevelUnknown,
		Ref:   s.Ref,
		What:  ops.Textf("%s %s", s.Name, s.State),
		Cause: s.Why,
		Next:  nextForSource(s),
		Since: s.Since,
	}
	if !s.Required {
		f.Level = ops.LevelInfo
	}
	return f
}

func nextForSource(s ops.Source) ops.Text {
	if !s.Remedy.Empty() { // whoever made the error knows more than the state tells
		return s.Remedy
	}
	switch s.State {
	case ops.SourceSilent:
		return ops.Textf("the process hangs or the network drops packets: look at %s on its host", s.Name)
	case ops.SourceRefused:
		return ops.Textf("start %s, or correct its address in the estate", s.Name)
	case ops.SourceDenied:
		return ops.AsError(ops.Errorf(ops.CodeDenied, "give this user access, see opsdeck doctor")).What
	case ops.SourceStale:
		return ops.Lit("values are old: wait for the next answer, or run opsdeck doctor")
	case ops.SourcePending:
		return ops.Lit("not asked yet")
	}
	return ops.Lit("opsdeck doctor shows the whole answer")
}
