package container

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"opsdeck/ops"
)

// call is one API call, as it stands in a plan.
type call struct {
	version string
	verb    verb
	id      string // full, or its first 12 digits when read from a plan
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

// text writes the call as a plan shows it.
func (c call) text() ops.Text {
	path := fmt.Sprintf("/v%s/containers/%s", c.version, short(c.id))
	switch c.verb {
	case verbRemove:
		query := ""
		if c.volumes {
			query = "?v=1"
		}
		return ops.Textf("DELETE %s%s  (%s)", path, query, c.name)
	case verbKill:
		return ops.Textf("POST %s/kill?signal=%s  (%s)", path, c.signal, c.name)
	case verbRestart, verbStop:
		return ops.Textf("POST %s/%s?t=%d  (%s)", path, c.verb, c.wait, c.name)
	}
	return ops.Textf("POST %s/%s  (%s)", path, c.verb, c.name)
}

var (
	postText   = regexp.MustCompile(`^POST /v([\d.]+)/containers/([0-9a-f]{12})/(restart|stop|start|pause|unpause|kill)(?:\?(?:t=(\d+)|signal=([A-Z0-9]+)))?  \((.+)\)$`)
	deleteText = regexp.MustCompile(`^DELETE /v([\d.]+)/containers/([0-9a-f]{12})(\?v=1)?  \((.+)\)$`)
)

// parseCall reads what text wrote: Run does what the plan says, and nothing it
// knows from elsewhere.
func parseCall(p ops.Plan, want verb) (call, error) {
	wrong := ops.Errorf(ops.CodeInvalid, "this plan is not one to %s a container", want)
	if len(p.Steps) != 1 {
		return call{}, wrong
	}
	step := p.Steps[0].What.String()
	if m := deleteText.FindStringSubmatch(step); m != nil && want == verbRemove {
		return call{version: m[1], verb: want, id: m[2], volumes: m[3] != "", name: m[4]}, nil
	}
	if m := postText.FindStringSubmatch(step); m != nil && verb(m[3]) == want {
		wait, _ := strconv.Atoi(m[4]) // digits, or none
		return call{version: m[1], verb: want, id: m[2], wait: wait, signal: m[5], name: m[6]}, nil
	}
	return call{}, wrong
}
