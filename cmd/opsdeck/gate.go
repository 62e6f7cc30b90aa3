package main

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"opsdeck/agent"
	"opsdeck/ops"
)

func (a *app) gateCommand() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "gate", Short: "The restricted shell (ForceCommand) of an account that gets opsdeck and nothing else", Args: none,
		Long: `The restricted shell (ForceCommand) of an account that gets opsdeck and nothing else: as command= in
authorized_keys or ForceCommand in sshd_config. It reads what the caller asked for from
SSH_ORIGINAL_COMMAND, without a shell. Nothing asked for is the console; a command of the
list below runs; everything else is refused with code 77 (64 where it cannot be
read), and stands in the system's journal. Flags that name a file, a socket or another
host are refused as well. With --estate callers see that estate and no other.

May run: ` + strings.Join(gateCommands(), ", ") + `.`,
		Example: `command="/usr/local/bin/opsdeck gate --key ana" in authorized_keys
ForceCommand /usr/local/bin/opsdeck gate --estate /etc/opsdeck/shop.yaml`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.gate(cmd.Context(), key) },
	}
	cmd.Flags().StringVar(&key, "key", "", "name of the ssh key that leads here: tells people who share the account apart")
	return cmd
}

// gateFlags is the allow-list: the commands a caller may run, each with the flags
// that go with it.
func gateFlags() map[string][]string {
	return map[string][]string{
		"opsdeck":                 {"local"},
		"opsdeck proxy":           {},
		"opsdeck snapshot":        {"output", "view", "now", "local"},
		"opsdeck snapshot schema": {},
		"opsdeck run":             {"param", "yes", "confirm", "reason", "key", "plan"},
		"opsdeck backup":          {},
		"opsdeck backup status":   {"output", "local"},
		"opsdeck backup run":      {"type", "repository", "yes", "confirm", "reason", "key", "plan"},
		"opsdeck backup verify":   {"repository", "yes", "confirm", "reason", "key", "plan"},
		"opsdeck backup stop":     {"yes", "confirm", "reason", "key", "plan"},
		"opsdeck backup start":    {"yes", "confirm", "reason", "key", "plan"},
		"opsdeck load":            {},
		"opsdeck load run":        {"yes", "confirm", "reason", "key", "plan"},
		"opsdeck load stop":       {"yes", "confirm", "reason", "key", "plan"},
		"opsdeck load clean":      {"yes", "confirm", "reason", "key", "plan"},
		"opsdeck load list":       {"output", "search"},
		"opsdeck load show":       {},
		"opsdeck load compare":    {},
		"opsdeck load export":     {"output"},
		"opsdeck actions":         {},
		"opsdeck history":         {"since", "limit", "match", "ref", "job", "json"},
		"opsdeck audit verify":    {},
		"opsdeck handover":        {"since", "output"},
		"opsdeck incident list":   {},
		"opsdeck incident export": {},
		"opsdeck agent status":    {},
		"opsdeck estates":         {},
		"opsdeck doctor":          {},
	}
}

// gateCommands are the names on the allow-list, for the help.
func gateCommands() []string {
	var names []string
	for path := range gateFlags() {
		if name, ok := strings.CutPrefix(path, "opsdeck "); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// maxAsked bounds what a caller may ask for.
const maxAsked = 8 << 10

func (a *app) gate(ctx context.Context, key string) error {
	asked := places{a.env}.get("SSH_ORIGINAL_COMMAND")
	inner := &app{std: a.std, env: a.env, gated: true, pinned: a.estate, key: ops.Clean(key), note: a.note}
	words, err := splitCommand(asked)
	if err == nil {
		words, err = inner.admit(words)
	}
	if err != nil {
		a.record(key, asked, err)
		return err
	}
	if code := inner.execute(ctx, words); code != exitOK {
		return exitError{code}
	}
	return nil
}

// record writes a refusal to the system's journal: the caller could write nothing
// there under another name, and the admin finds it beside sshd's own lines.
func (a *app) record(key, asked string, err error) {
	p := places{a.env}
	from, _, _ := strings.Cut(p.get("SSH_CONNECTION"), " ")
	line := ops.Textf("gate: refused %s (key %s) from %s: %q: %v", me().Name, cmp.Or(key, "-"), cmp.Or(from, "-"), asked, err)
	if a.note != nil {
		_ = a.note(line.String()) // without a journal sshd's own log is all there is
	}
}

// admit returns the words to run, where the allow-list has them. The command line
// is read by the very parser that will read it again.
func (a *app) admit(words []string) ([]string, error) {
	if len(words) > 0 && (words[0] == "opsdeck" || strings.HasSuffix(words[0], "/opsdeck")) {
		words = words[1:]
	}
	if len(words) == 1 && words[0] == "--version" {
		return words, nil
	}
	probe := &app{std: a.std, env: a.env, gated: true}
	cmd, rest, err := probe.root().Find(words)
	if err != nil {
		return nil, usageError{err}
	}
	flags, listed := gateFlags()[cmd.CommandPath()]
	if !listed || cmd.CommandPath() == "opsdeck" && len(words) > 0 && !strings.HasPrefix(words[0], "-") {
		return nil, ops.Errorf(ops.CodeDenied, "this account may not run %q", strings.Join(words, " ")).
			Help("it gets opsdeck alone: the console, and %s", strings.Join(gateCommands(), ", "))
	}
	err = cmd.ParseFlags(rest)
	if errors.Is(err, pflag.ErrHelp) { // the rest was not read
		return append(strings.Fields(cmd.CommandPath())[1:], "--help"), nil
	}
	if err != nil {
		return nil, usageError{err}
	}
	if cmd == cmd.Root() && cmd.Flags().NArg() > 0 { // behind a flag there are commands that only the parser knows
		return nil, ops.Errorf(ops.CodeDenied, "this account may not run %q", cmd.Flags().Arg(0)).Help("write the command before its flags")
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case err != nil || slices.Contains(flags, f.Name):
		case f.Name == "estate":
			err = a.mayOpen(f.Value.String())
		default:
			err = ops.Errorf(ops.CodeDenied, "this account may not use --%s", f.Name).Help("flags that name a file, a socket or a host are not for it")
		}
	})
	return words, err
}

// plainName is an estate's name: no path, so that nobody has this account's
// rights read a file of their choice.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// mayOpen checks the estate that a caller asks for.
func (a *app) mayOpen(given string) error {
	if a.gated && (a.pinned != "" || !plainName.MatchString(given)) {
		if a.pinned != "" {
			if f, _, err := a.load(); err == nil && f.Estate.Name.String() == given {
				return nil
			}
		}
		return ops.Errorf(ops.CodeDenied, "this account may not open the estate %s", given).Help("opsdeck estates names those it may")
	}
	return nil
}

// mayConnect checks a request as admit checks a command line.
func (a *app) mayConnect(e agent.ConnectRequest) error {
	if e.Estate.Empty() {
		return nil
	}
	return a.mayOpen(e.Estate.String())
}

// splitCommand divides a command line at blanks as a shell would, with its quotes
// and backslashes, and knows nothing else: what a shell would act on is an error
// and never acted on.
func splitCommand(s string) ([]string, error) {
	if len(s) > maxAsked {
		return nil, usagef("the command is longer than %d bytes", maxAsked)
	}
	var words []string
	var word strings.Builder
	open, quote := false, rune(0) // a word has begun; inside which quote
	escaped := false
	for _, r := range s {
		switch {
		case r < ' ' && r != '\t':
			return nil, usagef("the command holds control characters")
		case escaped:
			if quote == '"' && !strings.ContainsRune("\"\\$`", r) {
				word.WriteRune('\\')
			}
			word.WriteRune(r)
			escaped = false
		case quote == '\'' && r != '\'':
			word.WriteRune(r)
		case r == '\\':
			escaped, open = true, true
		case r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, open = r, true
		case r == '$' || r == '`' || quote == 0 && strings.ContainsRune(";&|<>()", r):
			return nil, usagef("%q is for a shell, and none reads this: put it in single quotes if it is meant", r)
		case quote == 0 && (r == ' ' || r == '\t'):
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if quote != 0 || escaped {
		return nil, usagef("a quote is not closed")
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}
