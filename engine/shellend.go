package engine

import (
	"strconv"

	"opsdeck/ops"
)

// handOver is the action that hands a shell over to the console that asked for it, and
// unknownEnd what that console says where it does not know how the shell ended.
const (
	handOver   = "container.shell"
	unknownEnd = "unknown"
)

// byItsConsole keeps the action out of menus.
func byItsConsole(ops.Board, ops.Ref) ops.Text {
	return ops.Lit("the console that had the shell says it by itself")
}

func planShellEnd(e *Engine, req ops.Request) (string, string, error) {
	j, err := e.jobs.Job(req.Target)
	if err != nil {
		return "", "", err
	}
	code := req.Value("code", "")
	n, err := strconv.ParseUint(code, 10, 8)
	switch {
	case j.Action.String() != handOver || !j.State.Ended():
		return "", "", ops.Errorf(ops.CodeInvalid, "job %d handed over no shell", j.ID)
	case code == unknownEnd:
		return "ended, its exit code is not known: " + j.Title.String(), "write down that nobody knows how it ended", nil
	case err != nil:
		return "", "", ops.Errorf(ops.CodeInvalid, "%q is not an exit code", code).Help("write 0 to 255, or unknown")
	}
	return "ended with exit code " + strconv.FormatUint(n, 10) + ": " + j.Title.String(), "write down how it ended", nil
}

// doShellEnd puts beside the outcome of a shell's job, which says that it was handed
// over, how it ended. Only the console that had it knows, and nobody else may say so.
func doShellEnd(e *Engine, c ops.Caller, p ops.Plan, _ ops.Text) error {
	j, err := e.jobs.Job(p.Request.Target)
	if err != nil {
		return err
	}
	if j.Actor.Name != c.Actor.Name || j.Actor.UID != c.Actor.UID {
		return ops.Errorf(ops.CodeDenied, "job %d is of %s", j.ID, j.Actor.Name)
	}
	level := ops.LevelInfo // that of a shell may be its last command's
	switch p.Request.Value("code", "") {
	case "0":
		level = ops.LevelOK
	case unknownEnd:
		level = ops.LevelUnknown
	}
	return e.put(ops.Record{Kind: ops.RecordOutcome, Level: level, Actor: c.Actor, Ref: j.Target, Job: j.ID, What: p.Title}, nil)
}
