package load

import (
	"crypto/x509"
	"fmt"
	"time"

	"opsdeck/ops"
)

// Order is everything a run needs to know. It holds the targets' headers and bodies,
// which may be secret: it goes to the child over a pipe, and into no history.
type Order struct {
	Stages Schedule `json:"stages"`
	// Warmup is how much of the beginning is told by the second, and counts nowhere else.
	Warmup  time.Duration `json:"warmup,omitzero"`
	Targets []Target      `json:"targets"`
	// Allow are the servers that may be sent to, host:port as they are dialled. No
	// connection is made to any other, wherever a target or an answer leads.
	Allow []string `json:"allow"`
	CA    []byte   `json:"ca,omitempty"` // PEM; trusted for https besides the system's
	// Connections is how many requests may be under way at once. Those that are due
	// meanwhile wait, and their wait counts; with InFlight of them waiting and under way
	// the next one is dropped, which counts too.
	Connections int           `json:"connections"`
	InFlight    int           `json:"in_flight"`
	Timeout     time.Duration `json:"timeout"`  // of one request, once it is sent
	MaxBody     int64         `json:"max_body"` // bytes; a longer answer is a failure, and is read no further
	Expect      Expect        `json:"expect"`
	// MaxRate and MaxDuration bound the run whatever its stages say. The rate is kept
	// in each second, also where a delay of the generator has to be made up for. The
	// last requests have a timeout to get a connection and another to be answered.
	MaxRate     float64       `json:"max_rate"`
	MaxDuration time.Duration `json:"max_duration"` // from the first request to the last answer
	// AbortAfter ends the run after as many seconds on end that break a limit marked
	// so; 0: never.
	AbortAfter int             `json:"abort_after,omitzero"`
	Limits     []ops.LoadLimit `json:"limits,omitempty"`
	// UntilBroken makes it a stress: each stage is measured by itself, and the first that
	// does not keep the limits is the last.
	UntilBroken bool `json:"until_broken,omitzero"`
}

// Expect is what makes an answer a good one.
type Expect struct {
	Status   []int  `json:"status,omitempty"`   // empty: 200 to 299
	Contains string `json:"contains,omitempty"` // words of its body; empty: any
}

// What no order may ask for: mostInFlight bounds the memory that waiting requests take.
const (
	mostInFlight = 1_000_000
	mostRate     = 1_000_000
)

// Check reports what is wrong with an order, before anything is sent.
func (o Order) Check() error {
	if err := o.Stages.check(); err != nil {
		return err
	}
	length := o.Stages.Length() + 2*o.Timeout
	switch {
	case !(o.MaxRate > 0 && o.MaxRate <= mostRate) || o.MaxDuration <= 0:
		return invalid("a run needs a most of its rate, up to %d a second, and of its duration", mostRate)
	case o.Warmup < 0 || o.Warmup >= o.Stages.Length():
		return invalid("a warm-up of %s leaves nothing to judge", o.Warmup)
	case o.Stages.peak() > o.MaxRate:
		return invalid("%g requests a second are more than the %g that may be", o.Stages.peak(), o.MaxRate)
	case o.Timeout <= 0 || o.MaxBody <= 0:
		return invalid("a run needs a timeout and a most of what is read of an answer")
	case length < 0 || length > o.MaxDuration:
		return invalid("its stages and the last answers take up to %s, more than the %s that may be", length, o.MaxDuration)
	case o.Connections < 1 || o.InFlight < o.Connections || o.InFlight > mostInFlight:
		return invalid("connections are at least 1, and in flight are as many or more, up to %d", mostInFlight)
	case len(o.Expect.Contains) > readSize/2:
		return invalid("the words to look for are too long")
	case len(o.CA) > 0 && !x509.NewCertPool().AppendCertsFromPEM(o.CA):
		return invalid("the ca holds no certificate")
	}
	return o.checkTargets()
}

func (o Order) checkTargets() error {
	if len(o.Targets) == 0 {
		return invalid("there is no target")
	}
	hosts := map[string]bool{}
	for i, t := range o.Targets {
		u, err := t.parse()
		if err != nil {
			return fmt.Errorf("target %d: %w", i+1, err)
		}
		if hosts[HostPort(u)] = true; !t.allowed(o.Allow) {
			return ops.Errorf(ops.CodeDenied, "target %d goes to %s, which is not on the list of what may be sent to", i+1, HostPort(u))
		}
		for name, values := range t.Header {
			for _, v := range values {
				if !validHeader(name, v) {
					return invalid("target %d has a header that is none", i+1)
				}
			}
		}
	}
	// Idle connections are kept for each host.
	const others = 64
	need := uint64(o.Connections)*uint64(len(hosts)) + others
	if most, known := mostFiles(); known && need > most {
		return invalid("for %s this process needs %s, and may have %d", ops.Count(o.Connections, "connection"), ops.Count(need, "file descriptor"), most).
			Help("raise its limit (ulimit -n, LimitNOFILE=) or take fewer connections")
	}
	return nil
}

func invalid(format string, args ...any) *ops.Error {
	return ops.Errorf(ops.CodeInvalid, format, args...)
}
