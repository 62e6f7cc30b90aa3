package drill

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// TargetWords are pgBackRest's options for a target. To the latest goes a standby, which
// waits for more where another server would begin to take writes.
func TargetWords(t ops.RestoreTarget) []string {
	words := []string{"--type=" + t.Kind.String(), "--target=" + t.Value(), "--target-action=pause"}
	switch t.Kind {
	case ops.RestoreLatest:
		words = []string{"--type=standby"}
	case ops.RestoreBackup:
		words = []string{"--type=immediate", "--target-action=pause"}
	}
	if t.Exclusive {
		words = append(words, "--target-exclusive")
	}
	if t.Timeline > 0 {
		words = append(words, "--target-timeline="+timelineWord(t))
	}
	return words
}

// timelineWord is the timeline of a target in the server's words. A backup as it is goes
// along its own: it need not lead to the newest.
func timelineWord(t ops.RestoreTarget) string {
	switch {
	case t.Kind == ops.RestoreBackup:
		return "current"
	case t.Timeline > 0:
		return strconv.FormatUint(uint64(t.Timeline), 10)
	}
	return "latest"
}

// RebuildWords are the rest of pgBackRest's argument list that writes a copy into the
// folder of a restore. Links become folders of the copy, and tablespaces lie beside it.
func RebuildWords(to string, key int, set string, options []string) []string {
	s := scratch{dir: to}
	words := append([]string{"--repo=" + strconv.Itoa(key), "--set=" + set, "--pg1-path=" + s.data(), "--tablespace-map-all=" + s.tablespaces(),
		"--archive-mode=off", "--lock-path=" + s.file("lock"), "--log-path=" + s.file("log")}, options...)
	return append(words, "restore")
}

// rebuild has pgBackRest write a copy.
func (s scratch) rebuild(ctx context.Context, engine []string, key int, set string, options []string) error {
	var said tail
	argv := append(append([]string{}, engine...), RebuildWords(s.dir, key, set, options)...)
	end, err := proc.Run(ctx, proc.Spec{Argv: argv, Dir: s.dir, Out: &said, EndWithUs: true})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return ops.Errorf(ops.CodeUnavailable, "run the engine: %v", err).Help(notHere)
	case end.Signal != 0:
		return s.blame("the engine ended", fmt.Sprintf("it was terminated by signal %d: %s", end.Signal, end.Signal))
	case end.Code != 0:
		why := said.words(string(end.Stderr))
		if !engineCode.MatchString(why) {
			why = fmt.Sprintf("[%03d]: %s", end.Code, why)
		}
		return s.blame("the engine could not restore it", why)
	}
	return nil
}

// tail keeps the end of an output.
type tail struct{ kept []byte }

const tailMost = 8 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - tailMost; over > 0 {
		t.kept = append([]byte(nil), t.kept[over:]...)
	}
	return len(b), nil
}

// words are the errors in what was said, without the engine's time stamps.
func (t *tail) words(stderr string) string {
	var errs []string
	for line := range strings.Lines(stderr + "\n" + string(t.kept)) {
		if _, why, found := strings.Cut(line, "ERROR: "); found && len(errs) < 3 {
			errs = append(errs, strings.TrimSpace(why))
		}
	}
	if len(errs) == 0 {
		return "it does not say why"
	}
	return strings.Join(errs, "; ")
}
