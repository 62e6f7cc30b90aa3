package pgbackrest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// program is what every call begins with.
func (c *Collector) program() []string {
	if c.cfg.RunAs == "" {
		return []string{c.cfg.Command}
	}
	return []string{"sudo", "-n", "-u", c.cfg.RunAs, "--", c.cfg.Command}
}

// command is the argument list of a call that reads a repository. What is logged goes to
// the error output, where older and newer versions do it differently by default.
func (c *Collector) command(repo int, words ...string) []string {
	return c.call("off", "error", append([]string{fmt.Sprintf("--repo=%d", repo)}, words...)...)
}

// Argv is the argument list of a call that does something. All that it logs goes to its
// output.
func (c *Collector) Argv(words ...string) []string { return c.call("info", "off", words...) }

// call is how every call begins. The order never changes: a sudoers file names each list
// word by word.
func (c *Collector) call(output, errors string, words ...string) []string {
	argv := c.program()
	if c.cfg.File != "" {
		argv = append(argv, "--config="+c.cfg.File)
	}
	argv = append(argv, "--log-level-console="+output, "--log-level-stderr="+errors, "--stanza="+c.cfg.Stanza)
	return append(argv, words...)
}

// Bounds of an answer, in bytes: 1,000 backups are about 1 MB, and 200,000 segments of
// WAL are listed in 26 MB.
const (
	infoMost = 16 << 20
	listMost = 256 << 20
)

// restMost is how much may follow an answer.
const restMost = 4 << 10

// ask makes a call, and lets read take what it prints as it comes. Why the program
// failed tells more than what was wrong with its answer.
func (c *Collector) ask(ctx context.Context, argv []string, read func(io.Reader) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		said, code, err := c.cfg.Run(ctx, argv, in)
		_ = in.Close() // never fails
		ended <- c.outcome(argv, string(said), code, err)
	}()
	wrong := read(out)
	if n, _ := io.Copy(io.Discard, io.LimitReader(out, restMost)); n == restMost {
		cancel() // it would talk on
		_ = out.Close()
		<-ended
		return cmp.Or(wrong, c.strange(argv))
	}
	_ = out.Close()
	return cmp.Or(<-ended, wrong)
}

// json makes a call whose answer is JSON of at most so many bytes.
func (c *Collector) json(ctx context.Context, argv []string, most int64, read func(*httpsource.Stream) error) error {
	return c.ask(ctx, argv, func(out io.Reader) error {
		in := httpsource.NewStream(jsonReader{out}, most)
		err := read(in)
		switch {
		case in.Broken() != nil:
			return fmt.Errorf("its answer is %w", in.Broken())
		case err != nil:
			return c.strange(argv)
		}
		return nil
	})
}

// strange is the error of an answer that is not pgBackRest's.
func (c *Collector) strange(argv []string) error {
	return ops.Errorf(ops.CodeUnavailable, "%s does not answer as pgBackRest does", c.cfg.Command).Help("run it by hand: %s", strings.Join(argv, " "))
}

// wordsMost is how much is read of an answer that is no JSON.
const wordsMost = 64 << 10

// words makes a call whose answer is short.
func (c *Collector) words(ctx context.Context, argv []string) (string, error) {
	var b strings.Builder
	err := c.ask(ctx, argv, func(out io.Reader) error {
		_, err := io.Copy(&b, io.LimitReader(out, wordsMost))
		return err
	})
	return b.String(), err
}

// slot lets one at a time do something that may never end.
type slot chan struct{}

// within does work, but waits no longer for it than ctx lasts: what another account
// runs we cannot end. Where it was not waited for, it is not begun again while it lasts.
func within[T any](ctx context.Context, s slot, work func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	var none T
	select {
	case s <- struct{}{}:
	default:
		return none, ops.Errorf(ops.CodeUnavailable, "the call before has not ended")
	}
	go func() {
		v, err := work()
		<-s
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}
