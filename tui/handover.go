package tui

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/screen"
)

// actionShell is the action whose command runs in this terminal.
const actionShell = "container.shell"

// handArgv takes the command of a shell from its plan. It runs in this user's own
// right, so nothing else is taken than docker with the options that name a daemon,
// and exec with a container and sh, whatever the agent says.
func handArgv(p ops.Plan) ([]string, bool) {
	if p.Request.Action.String() != actionShell || len(p.Steps) != 1 || !p.Steps[0].Same(ops.Step{How: ops.StepExec, Argv: p.Steps[0].Argv}) {
		return nil, false
	}
	var argv []string
	for _, w := range p.Steps[0].Argv {
		argv = append(argv, w.String())
	}
	i := slices.Index(argv, "exec")
	if i < 1 || argv[0] != "docker" || len(argv) != i+4 || argv[i+1] != "-it" || argv[i+3] != "sh" || strings.HasPrefix(argv[i+2], "-") {
		return nil, false
	}
	for j := 1; j < i; j++ {
		if !daemonOption(argv[j-1], argv[j]) {
			return nil, false
		}
	}
	return argv, true
}

// daemonOption reports whether a word before exec is an option that names the
// daemon, or the value of one.
func daemonOption(before, word string) bool {
	withValue := []string{"--host", "--tlscacert", "--tlscert", "--tlskey"}
	if slices.Contains(withValue, before) {
		return !strings.HasPrefix(word, "-")
	}
	return word == "--tlsverify" || word == "--tls" || slices.Contains(withValue, word)
}

// handedMsg says that a program that had the terminal has ended.
type handedMsg struct {
	title ops.Text
	job   ops.JobID
	err   error
}

// endOf is how a program that had the terminal ended, as the agent is told.
func endOf(err error) string {
	if err == nil {
		return "0"
	}
	if e, ok := errors.AsType[interface {
		error
		ExitCode() int
	}](err); ok && e.ExitCode() >= 0 {
		return strconv.Itoa(e.ExitCode())
	}
	return "unknown"
}

// cmdShellEnded has the agent write down how a shell ended.
func (m *Model) cmdShellEnded(job ops.JobID, err error) tea.Cmd {
	req := ops.Request{Action: ops.Lit("shell.end"), Target: report.JobRef(job), Params: []ops.Param{{Name: ops.Lit("code"), Value: ops.Clean(endOf(err))}}}
	return m.asking(planTimeout, func(ctx context.Context, c ops.Console) tea.Msg {
		p, err := c.Plan(ctx, req)
		if err == nil {
			_, err = c.Start(ctx, p.ID, ops.Confirmation{Key: ops.Clean(rand.Text())})
		}
		return shellEndMsg{err}
	})
}

// shellEndMsg says whether the agent wrote down how a shell ended.
type shellEndMsg struct{ err error }

func (m *Model) shellEndTold(msg shellEndMsg) tea.Cmd {
	if msg.err == nil {
		return nil
	}
	m.say(report.ToneWarning, "the history does not say how the shell ended: "+ops.AsError(msg.err).What.String())
	return m.nextTick()
}

// askShell asks for a shell in the selected container.
func (m *Model) askShell(ref ops.Ref) tea.Cmd {
	switch {
	case ref.Kind != ops.KindContainer || ref.ID.Empty():
		m.say(report.ToneInfo, "no container is selected")
		return m.nextTick()
	case m.o.Hand == nil:
		m.say(report.ToneWarning, "this console has no terminal of its own to hand over")
		return m.nextTick()
	}
	return m.actDirectly(screen.Intent{Kind: screen.IntentAct, Action: actionShell, Refs: []ops.Ref{ref}})
}

// handOver gives the terminal to what a started plan names, if it names anything.
func (m *Model) handOver(plans []ops.Plan, jobs []ops.JobID) tea.Cmd {
	if len(plans) == 0 || plans[0].Request.Action.String() != actionShell {
		return nil
	}
	title := plans[0].Title
	argv, ok := handArgv(plans[0])
	if !ok || m.o.Hand == nil {
		m.say(report.ToneWarning, "not run here: "+title.String())
		return nil
	}
	if len(plans) > 1 {
		m.say(report.ToneWarning, "one shell at a time: "+title.String()+" only")
	}
	return tea.Exec(m.o.Hand(argv), func(err error) tea.Msg { return handedMsg{title, jobs[0], err} })
}

// handedBack takes the terminal again.
func (m *Model) handedBack(msg handedMsg) tea.Cmd {
	m.now = m.o.Now() // it stood still meanwhile, and the notice would be over before it is seen
	if msg.err != nil {
		m.say(report.ToneWarning, msg.title.String()+": "+ops.Clean(msg.err.Error()).String())
	} else {
		m.say(report.ToneInfo, msg.title.String()+" has ended")
	}
	return tea.Batch(repaint(), m.nextTick(), m.wantLook(), m.cmdShellEnded(msg.job, msg.err))
}
