package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"opsdeck/agent"
	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// How long a far side may take once nobody can be asked anything, how long a tunnel
// that stands may take to show that it leads somewhere, and how long its slowest
// source may take: the estate's file, which would tell, is on the far side.
const (
	tunnelWait  = 20 * time.Second
	tunnelCheck = 5 * time.Second
	farSources  = 15 * time.Second
)

// remoteEndpoint is the way to an agent of another host: one ssh process that runs
// opsdeck proxy there, with all calls in it. Once it breaks, the next attach
// starts another.
type remoteEndpoint struct {
	host    string
	estate  string // there; empty: what the host has
	session string
	argv    []string // the ssh program with its first arguments
	program string   // opsdeck there
	places  places
	errs    io.Writer // takes what ssh says before the tunnel stands

	mu      sync.Mutex // held while a tunnel is made: two at once would be two logins
	quiet   bool       // the screen is in use: ssh cannot ask for anything
	tunnel  *agent.Tunnel
	estates []agent.Known
}

// hostName is what may be given to --on. It stands behind "--" on ssh's command
// line, so it cannot become an option; ssh itself reads nothing else out of it.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_\[][A-Za-z0-9_.:@%/\[\]+-]*$`)

// programName is what may stand for opsdeck on the far side: the far login shell
// reads it, so it holds nothing that any shell takes for its own.
var programName = regexp.MustCompile(`^[A-Za-z0-9_/][A-Za-z0-9_./+-]*$`)

// remote returns the way to the one host that --on names.
func (a *app) remote() (*remoteEndpoint, error) {
	if len(a.on) != 1 {
		return nil, usagef("--on %s: one host at a time here; the console takes several", strings.Join(a.on, ","))
	}
	return a.remoteTo(a.on[0], a.estate)
}

func (a *app) remoteTo(host, estate string) (*remoteEndpoint, error) {
	if !hostName.MatchString(host) {
		return nil, usagef("--on %q is no host: user@host, host, or ssh://user@host:port", host)
	}
	p := places{a.env}
	prefs, err := loadPreferences(p.config("config.yaml"))
	if err != nil {
		return nil, err
	}
	r := &remoteEndpoint{host: host, estate: estate, session: rand.Text(), argv: prefs.SSH, program: prefs.Remote, places: p, errs: a.std.err}
	if len(r.argv) == 0 {
		r.argv = []string{"ssh"}
	}
	if r.program == "" {
		r.program = "opsdeck"
	}
	if !programName.MatchString(r.program) {
		return nil, usagef("%s: remote %q: the far login shell reads this, so it is a plain path or name", p.config("config.yaml"), r.program)
	}
	return r, nil
}

// command is ssh's. Its options win over the user's configuration only where the
// tunnel would break without them: no terminal there, no command of the
// configuration's, no forwarding, a dead line noticed within 20 s.
func (r *remoteEndpoint) command() []string {
	argv := append(r.login("-T"), "-o", "Compression=yes")
	if r.quiet {
		argv = append(argv, "-o", "BatchMode=yes")
	}
	return append(argv, "--", r.host, r.program, "proxy")
}

// login is ssh with or without a terminal there.
func (r *remoteEndpoint) login(terminal string) []string {
	return append(slices.Clone(r.argv), terminal, "-a", "-x", "-o", "RemoteCommand=none", "-o", "ClearAllForwardings=yes", "-o", "PermitLocalCommand=no",
		"-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3", "-o", "ConnectTimeout=10")
}

// shell is the command that runs what a shell's plan names there, as the user who
// logs in, over a line of its own that has this terminal. The far login shell reads
// the words: they hold nothing but what the console lets through, and the brackets of
// an address are quoted.
func (r *remoteEndpoint) shell(argv []string) []string {
	there := append(r.login("-t"), "--", r.host)
	for _, w := range argv {
		if strings.ContainsAny(w, "[]") {
			w = "'" + w + "'"
		}
		there = append(there, w)
	}
	return there
}

// screen says that the terminal is the console's from now on: a new tunnel cannot
// ask for a password or a host key.
func (r *remoteEndpoint) screen() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.quiet = true
}

// find attaches to an agent that runs there.
func (r *remoteEndpoint) find(ctx context.Context) (*agent.Client, agent.Hello, error) {
	return r.reach(ctx, false)
}

// attach finds an agent there or has a personal one started.
func (r *remoteEndpoint) attach(ctx context.Context) (*agent.Client, agent.Hello, error) {
	return r.reach(ctx, true)
}

func (r *remoteEndpoint) reach(ctx context.Context, start bool) (*agent.Client, agent.Hello, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tunnel != nil {
		// An agent that was restarted is met over the tunnel that stands.
		check, cancel := context.WithTimeout(ctx, tunnelCheck)
		defer cancel()
		c, h, err := r.tunnel.Dial(check, r.session)
		if err == nil || r.tunnel.Alive() && check.Err() == nil {
			return c, h, err
		}
		r.closeTunnel()
	}
	return r.open(ctx, start)
}

// open logs in and connects; r.mu is held.
func (r *remoteEndpoint) open(ctx context.Context, start bool) (*agent.Client, agent.Hello, error) {
	none := agent.Hello{}
	said := &lastSaid{}
	if !r.quiet {
		said.echo = r.errs
	}
	child, err := proc.Talk(proc.Spec{Argv: r.command()}, said, !r.quiet)
	if err != nil {
		return nil, none, ops.Errorf(ops.CodeUnavailable, "%v", err).Help("--on needs the ssh program: install openssh-client")
	}
	waiting, cancel := ctx, context.CancelFunc(func() {})
	if r.quiet { // else a person may be typing a password
		waiting, cancel = context.WithTimeout(ctx, tunnelWait)
	}
	defer cancel()
	tunnel, g, err := agent.OpenTunnel(waiting, r.host, child, agent.ConnectRequest{Estate: ops.Clean(r.estate), Start: start})
	said.hush()
	if len(g.Estates) > 0 {
		r.estates = g.Estates // told by a refusal, too
	}
	if err != nil {
		late := waiting.Err() != nil
		code := child.Code()
		return nil, none, r.why(err, late, code, said.last())
	}
	c, err := tunnel.Client(r.session, g.Hello)
	if err != nil {
		tunnel.Close()
		return nil, g.Hello, err
	}
	r.tunnel = tunnel
	return c, g.Hello, nil
}

// why says what stands between us and the agent there.
func (r *remoteEndpoint) why(err error, late bool, code int, said string) error {
	if e, ok := errors.AsType[*ops.Error](err); ok {
		on := ops.Errorf(e.Code, "on %s: %s", r.host, e.What)
		on.Remedy = e.Remedy
		return on
	}
	printed, silent := agent.Said(err)
	switch {
	case late && !r.quiet:
		return ops.Errorf(ops.CodeUnavailable, "the way to %s was given up", r.host)
	case late:
		return ops.Errorf(ops.CodeUnavailable, "no answer from %s within %s", r.host, tunnelWait).Help("is the host up, and the way to it?")
	case !silent:
		return fmt.Errorf("open a tunnel to %s: %w", r.host, err)
	case code == 127 || code == 126:
		return ops.Errorf(ops.CodeUnavailable, "%s has no %s for a login without a terminal: %s", r.host, r.program, cmp.Or(said, printed)).
			Help("install it there, or say where it is: remote: /usr/local/bin/opsdeck in config.yaml")
	case code == 255 && r.quiet && strings.Contains(said, "ermission denied"):
		// The frame shows this sentence and no help.
		return ops.Errorf(ops.CodeUnavailable, "ssh to %s cannot ask while the screen is in use, choose the estate again with : (%s)", r.host, said)
	case code == 255:
		return ops.Errorf(ops.CodeUnavailable, "ssh to %s: %s", r.host, cmp.Or(said, "it ended without a word")).Help("ssh %s tells more", r.host)
	case code == exitUsage && strings.Contains(said, `"proxy"`):
		return ops.Errorf(ops.CodeVersion, "opsdeck on %s is too old for --on: it knows no proxy", r.host).Help("install this build there, or: ssh -t %s opsdeck", r.host)
	}
	return ops.Errorf(ops.CodeUnavailable, "%s does not answer as opsdeck proxy does (exit %d): %s", r.host, code, cmp.Or(printed, said, "nothing was said")).
		Help("does the account there run a command of its own? then it has to be opsdeck gate")
}

// there are the estates that the far side told of.
func (r *remoteEndpoint) there() []agent.Known {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.estates
}

// closeTunnel ends the tunnel; r.mu is held.
func (r *remoteEndpoint) closeTunnel() {
	if r.tunnel != nil {
		r.tunnel.Close()
		r.tunnel = nil
	}
}

func (r *remoteEndpoint) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closeTunnel()
}

func (r *remoteEndpoint) patience() time.Duration { return farSources }

func (r *remoteEndpoint) looked() string {
	return r.places.state("on", folder(ops.Clean(r.host+" "+r.estate))+".looked")
}

func (r *remoteEndpoint) follow(id ops.JobID) string {
	return fmt.Sprintf("opsdeck --on %s history --job %d", r.host, id)
}

// pictureThere is the board of a host: its agent's, which is started where none
// runs, because nobody could ask its sources from here.
func (a *app) pictureThere(ctx context.Context) (ops.Board, error) {
	_, b, done, err := a.attached(ctx)
	if err != nil {
		return b, err
	}
	done()
	return b, nil
}

// lastSaid keeps what ssh said last, and shows it on the terminal until the tunnel
// stands: then the screen is the console's.
type lastSaid struct {
	mu   sync.Mutex
	text []byte
	echo io.Writer
}

// maxSaid is how much is kept.
const maxSaid = 8 << 10

// Write never fails: ssh must not stop for it.
func (l *lastSaid) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.echo != nil {
		_, _ = l.echo.Write(p)
	}
	l.text = append(l.text, p...)
	if n := len(l.text) - maxSaid; n > 0 {
		l.text = l.text[n:]
	}
	return len(p), nil
}

func (l *lastSaid) hush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.echo = nil
}

// last is the last line that says something.
func (l *lastSaid) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := strings.Split(strings.TrimRight(string(l.text), "\r\n \t"), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
