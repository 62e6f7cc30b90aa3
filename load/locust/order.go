package locust

import (
	"crypto/x509"
	"net/url"
	"slices"
	"time"

	"opsdeck/load"
	"opsdeck/ops"
)

// Order is everything a run needs to know.
type Order struct {
	URL    string          `json:"url"`          // of the web API
	CA     []byte          `json:"ca,omitempty"` // PEM; trusted for https besides the system's
	Host   string          `json:"host"`         // what its users are told to send to
	Allow  []string        `json:"allow"`        // what that may be, host:port as it is dialled
	Stages []ops.LoadStage `json:"stages"`       // of users
	Warmup time.Duration   `json:"warmup,omitzero"`
	// MaxUsers and MaxDuration bound the run whatever its stages say.
	MaxUsers    int             `json:"max_users"`
	MaxDuration time.Duration   `json:"max_duration"` // from the first user to the last
	AbortAfter  int             `json:"abort_after,omitzero"`
	Limits      []ops.LoadLimit `json:"limits,omitempty"`
}

// Check reports what is wrong with an order, before anything is asked.
func (o Order) Check() error {
	length, before := o.plan().Length(), 0.0
	for i, s := range o.Stages {
		switch whole := float64(int(s.From)) == s.From && float64(int(s.To)) == s.To; {
		case !whole || !s.Users || s.From < 0 || s.To < 0 || s.For <= 0:
			return invalid("stage %d is none of users: %s", i+1, s.Words())
		case max(s.From, s.To) > float64(o.MaxUsers):
			return invalid("%g users are more than the %d that may be", max(s.From, s.To), o.MaxUsers)
		case s.From != s.To && s.From != before:
			return invalid("stage %d begins with %g users, and the one before it ends with %g", i+1, s.From, before)
		}
		before = s.To
	}
	host, err := url.Parse(o.Host)
	switch {
	case len(o.Stages) == 0 || o.MaxUsers < 1 || length <= 0:
		return invalid("a run needs stages, and a most of its users")
	case o.Warmup < 0 || o.Warmup >= length:
		return invalid("a warm-up of %s leaves nothing to judge", o.Warmup)
	case length+stopWithin > o.MaxDuration:
		return invalid("its stages and their end take up to %s, more than the %s that may be", length+stopWithin, o.MaxDuration)
	case err != nil || host.Hostname() == "" || host.User != nil:
		return invalid("the host is not a whole http address")
	case !slices.Contains(o.Allow, load.HostPort(host)):
		return ops.Errorf(ops.CodeDenied, "the host is %s, which is not on the list of what may be sent to", load.HostPort(host))
	case len(o.CA) > 0 && !x509.NewCertPool().AppendCertsFromPEM(o.CA):
		return invalid("the ca holds no certificate")
	}
	return nil
}

func (o Order) plan() ops.LoadRun { return ops.LoadRun{Stages: o.Stages, Warmup: o.Warmup} }

// now is how many users are planned at a moment, and the number of the stage.
func (o Order) now(at time.Duration) (float64, int) { return load.Schedule(o.Stages).Now(at) }

// swarm is what a stage asks Locust for: how many users, and how many a second of them
// come or go from what there were before.
func (o Order) swarm(stage int) (users int, perSecond float64) {
	s, before := o.Stages[stage], 0.0
	if stage > 0 {
		before = o.Stages[stage-1].To
	}
	if perSecond = max(1, s.To-before, before-s.To); s.From != s.To {
		perSecond = max(s.To-s.From, s.From-s.To) / s.For.Seconds()
	}
	return int(s.To), perSecond
}

func invalid(format string, args ...any) *ops.Error {
	return ops.Errorf(ops.CodeInvalid, format, args...)
}
