package container

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"opsdeck/ops"
)

// call is one API call.
type call struct {
	version string
	verb    verb
	id      string // its first 12 digits
	name    string
	wait    int    // seconds; sent with stop and restart
	signal  string // sent with kill: "KILL"
	volumes bool   // remove takes the anonymous volumes along
}

// signals are those that a person sends to a container. STOP and CONT are left
// out: that is what pause is for, and Docker would go on calling it running.
func signals() []string { return []string{"KILL", "TERM", "INT", "QUIT", "HUP", "USR1", "USR2"} }

// params takes what a request says beside its target.
func (c *call) params(req ops.Request) error {
	switch c.verb {
	case verbKill:
		c.signal = strings.TrimPrefix(strings.ToUpper(req.Value(paramSignal, "KILL")), "SIG")
		if !slices.Contains(signals(), c.signal) {
			return ops.Errorf(ops.CodeInvalid, "signal %q is not one to send here", req.Value(paramSignal, "")).Help("one of %s", strings.Join(signals(), ", "))
		}
	case verbRemove:
		switch v := req.Value(paramVolumes, volumesKeep); v {
		case volumesKeep:
		case volumesRemove:
			c.volumes = true
		default:
			return ops.Errorf(ops.CodeInvalid, "%s=%q", paramVolumes, v).Help("write %s or %s", volumesKeep, volumesRemove)
		}
	}
	return nil
}

// title names the plan.
func (c call) title() ops.Text {
	if c.verb == verbKill {
		return ops.Textf("kill container %s with SIG%s", c.name, c.signal)
	}
	return ops.Textf("%s container %s", c.verb, c.name)
}

// span is how long the container is interrupted, in words.
func (c call) span() string {
	switch c.verb {
	case verbStop:
		return "for good"
	case verbPause:
		return "until it is unpaused"
	case verbKill:
		if c.signal == "KILL" {
			return "for good, without time to end"
		}
		return "as far as SIG" + c.signal + " does that to its program"
	}
	return fmt.Sprintf("for up to %d s and its own start", c.wait)
}

// step is the call as a plan holds it.
func (c call) step() ops.Step {
	s := ops.Step{How: ops.StepAPI, Method: ops.Lit("POST"), Path: ops.Clean("/v" + c.version + c.path()),
		On: []ops.Text{ops.Clean(c.id), ops.Clean(c.name)}, Note: ops.Clean(c.name)}
	query := func(name, value string) { s.Query = []ops.Param{{Name: ops.Clean(name), Value: ops.Clean(value)}} }
	switch c.verb {
	case verbRemove:
		s.Method = ops.Lit("DELETE")
		if c.volumes {
			query(queryVolumes, "1")
		}
	case verbKill:
		query(querySignal, c.signal)
	case verbRestart, verbStop:
		query(queryWait, strconv.Itoa(c.wait))
	}
	return s
}

// What the daemon calls the parts of a call.
const (
	queryVolumes = "v"
	querySignal  = "signal"
	queryWait    = "t"
)

// path is the call's path behind the version of the API.
func (c call) path() string {
	if c.verb == verbRemove {
		return "/containers/" + c.id
	}
	return "/containers/" + c.id + "/" + string(c.verb)
}

// callOf takes the call from the fields of a plan. It is made a step again and
// compared: a plan of another verb, or of more than this call, is refused.
func callOf(p ops.Plan, want verb) (call, error) {
	wrong := ops.Errorf(ops.CodeInvalid, "this plan is not one to %s a container", want)
	if len(p.Steps) != 1 || len(p.Steps[0].On) != 2 {
		return call{}, wrong
	}
	s := p.Steps[0]
	wait, _ := strconv.Atoi(s.Value(queryWait, "0")) // what is no number differs below
	c := call{verb: want, id: s.On[0].String(), name: s.On[1].String(), wait: wait, signal: s.Value(querySignal, ""), volumes: s.Value(queryVolumes, "") != ""}
	again := c.step()
	if strings.HasSuffix(s.Path.String(), c.path()) {
		again.Path = s.Path // the client has the version
	}
	if c.id == "" || !again.Same(s) {
		return call{}, wrong
	}
	return c, nil
}
