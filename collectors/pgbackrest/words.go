package pgbackrest

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"opsdeck/ops"
)

// pgBackRest's own numbers of errors that are about its configuration, which are its
// exit codes too.
const (
	errorFormat       = 29
	errorInvalid      = 31
	errorInvalidValue = 32
	errorRequired     = 37
	errorFileOpen     = 41
	errorFileMissing  = 55
)

// outcome is the error of a call, nil where the program ended well.
func (c *Collector) outcome(argv []string, said string, code int, err error) error {
	if err != nil {
		return c.notRun(argv[0], err)
	}
	if code == 0 {
		return nil
	}
	// sudo ends with 1, and pgBackRest never does.
	if c.cfg.RunAs != "" && code == 1 {
		return c.refused(argv, said)
	}
	what := ops.Errorf(ops.CodeUnavailable, "%s", c.fault(said))
	switch {
	case what.What.Empty() && code < 0:
		what = ops.Errorf(ops.CodeUnavailable, "a signal ended %s", c.cfg.Command)
	case what.What.Empty():
		what = ops.Errorf(ops.CodeUnavailable, "%s ends with exit code %d", c.cfg.Command, code)
	}
	if cipherFault(said) != "" {
		return what.Help(cipherRemedy)
	}
	switch code {
	case errorFormat, errorInvalid, errorInvalidValue, errorRequired:
		return what.Help("correct pgBackRest's configuration, or what the estate says of it")
	case errorFileOpen:
		return what.Help("let the account that pgBackRest runs as read it, or name another one: the plan's run_as")
	case errorFileMissing:
		return what.Help("say where pgBackRest's configuration is: the plan's config")
	}
	return what.Help("run it by hand: %s", strings.Join(argv, " "))
}

// notRun says why a program was not run to its end.
func (c *Collector) notRun(program string, err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	e := ops.Errorf(ops.CodeUnavailable, "%s cannot be run: %v", program, err)
	if errors.Is(err, fs.ErrNotExist) {
		e = ops.Errorf(ops.CodeUnavailable, "%s is not installed here", program)
	}
	if c.cfg.RunAs != "" {
		return e.Help("install sudo, or let the agent run as %s itself", c.cfg.RunAs)
	}
	return e.Help("%s", installIt)
}

// installIt is what to do where pgBackRest is not there.
const installIt = "install the package pgbackrest on the agent's machine, or say where it is: the plan's command"

// mayNotGain is what sudo says where the agent's unit keeps it from becoming anybody: by
// NoNewPrivileges and what implies it, or by having no capabilities.
var mayNotGain = regexp.MustCompile(`no new privileges|unable to change to root gid`)

// refused says why sudo did not run the program.
func (c *Collector) refused(argv []string, said string) error {
	first, _, _ := strings.Cut(ops.MaskSecrets(strings.TrimSpace(said)), "\n")
	if strings.HasSuffix(first, ": command not found") {
		return ops.Errorf(ops.CodeUnavailable, "%s is not installed where sudo looks for it", c.cfg.Command).Help("%s", installIt)
	}
	e := ops.Errorf(ops.CodeDenied, "sudo does not run pgBackRest as %s: %s", c.cfg.RunAs, strings.TrimPrefix(first, "sudo: "))
	if mayNotGain.MatchString(said) {
		return e.Help("let the agent run as %s itself, or open its unit to sudo: opsdeck agent unit prints a drop-in for either", c.cfg.RunAs)
	}
	return e.Help("opsdeck backup sudoers prints the lines that sudo needs (visudo); refused was: %s", strings.Join(argv[5:], " "))
}

// Shapes of what pgBackRest says of a failure.
var (
	// errorHead is what stands before the words: of a log line, or of another error's kind.
	errorHead = regexp.MustCompile(`^(?:\d{4}-\d\d-\d\d [\d:.]+ P\d+ +)?(?:ERROR: )?(?:\[\d+\]: )?(?:\[[A-Za-z]+\] |[A-Za-z]+Error: )?`)
	// configLine comes before a line of the configuration as it stands, secrets and all.
	configLine = regexp.MustCompile(`( at line \d+):.*`)
	// storeCause is what a store answers: S3 and Azure in XML, Google in JSON.
	storeCause = regexp.MustCompile(`<Code>([\w.-]+)</Code>|"message": *"([^"\n]+)"`)
)

// faultMost is how long a fault is, in bytes.
const faultMost = 300

// fault is the cause of a failure, without the secrets that are known.
func (c *Collector) fault(said string) string {
	if c.cfg.Secrets != nil {
		said = c.cfg.Secrets().Hide(said)
	}
	return faultOf(said)
}

// faultOf cuts what pgBackRest says of a failure to its cause: that of a store comes
// with all of its HTTP, that of a bad line in the configuration with the line.
func faultOf(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	for i, l := range lines {
		if strings.Contains(l, "ERROR: ") { // warnings may stand before it
			lines = lines[i:]
			break
		}
	}
	if fault := cipherFault(said); fault != "" {
		return fault
	}
	fault := strings.TrimSuffix(headless(lines[0]), ":")
	if m := storeCause.FindStringSubmatch(said); m != nil {
		fault += ": " + m[1] + m[2]
	} else if strings.HasSuffix(lines[0], ":") && len(lines) > 1 && !strings.HasPrefix(lines[1], "*") {
		fault += ": " + headless(lines[1])
	}
	fault = ops.MaskSecrets(fault)
	if len(fault) > faultMost {
		fault = strings.ToValidUTF8(fault[:faultMost], "") + "…"
	}
	return fault
}

// headless is a line without what stands before its words, and without a line of the
// configuration.
func headless(line string) string {
	line = strings.TrimSpace(line)
	return configLine.ReplaceAllString(line[len(errorHead.FindString(line)):], "$1")
}
