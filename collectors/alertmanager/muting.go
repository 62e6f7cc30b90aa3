package alertmanager

import (
	"context"
	"slices"

	"github.com/goccy/go-yaml"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// routing is what a server's configuration says of routes that a time interval mutes.
type routing struct {
	text  string
	known bool
	timed map[ops.Text]bool // receivers of routes that have time intervals
}

type routeConfig struct {
	Receiver string        `yaml:"receiver"`
	Mute     []string      `yaml:"mute_time_intervals"`
	Active   []string      `yaml:"active_time_intervals"`
	Routes   []routeConfig `yaml:"routes"`
}

// readRouting reads a configuration as the server prints it.
func readRouting(text string) *routing {
	r := &routing{text: text, timed: map[ops.Text]bool{}}
	var f struct {
		Route *routeConfig `yaml:"route"`
	}
	if yaml.Unmarshal([]byte(text), &f) == nil && f.Route != nil {
		r.known = true
		r.add(*f.Route, "")
	}
	return r
}

// add notes the receiver of a route, which is its parent's where it names none, and
// those of the routes below it. Time intervals are not inherited.
func (r *routing) add(c routeConfig, receiver string) {
	if c.Receiver != "" {
		receiver = c.Receiver
	}
	if len(c.Mute)+len(c.Active) > 0 {
		r.timed[ops.Clean(receiver)] = true
	}
	for _, below := range c.Routes {
		r.add(below, receiver)
	}
}

// timedFor reports whether a route that an alert may take has time intervals. Where
// the configuration is not known, it may.
func (r *routing) timedFor(a *ops.AlertmanagerAlert) bool {
	return !r.known || slices.ContainsFunc(a.Paging.Receivers, func(to ops.Text) bool { return r.timed[to] })
}

// Why it is not known whether a time interval mutes an alert.
var (
	tooOld    = ops.Lit("not known below Alertmanager 0.28")
	ungrouped = ops.Lit("not known: no group that was read has it")
	unread    = ops.Lit("not known: the groups of alerts cannot be read")
)

// muting finds out which alerts a time interval of their route keeps from whom. The
// list of alerts does not tell, only their groups do, and those are asked for where
// it matters: for an alert that would be sent, by a route that has time intervals.
func (v *view) muting(ctx context.Context) {
	r := v.peer.routingOf(v.status.Config.Original)
	var asked []*ops.AlertmanagerAlert
	for i := range v.alerts {
		if a := &v.alerts[i]; !a.Paging.State.Quiet() && r.timedFor(a) {
			asked = append(asked, a)
		}
	}
	if len(asked) == 0 {
		return
	}
	var groups mutes
	why := tooOld
	if v.tellsMuting {
		why = ungrouped
		if groups, v.groupsErr = v.peer.groups(ctx, v); v.groupsErr != nil {
			why = unread
		}
	}
	for _, a := range asked {
		routes := groups[a.Fingerprint]
		if a.Paging.MutingUnknown = why; v.groupsErr == nil && len(routes) > 0 {
			mute(&a.Paging, routes)
		}
	}
}

// route is one way of an alert: to whom, and the time intervals that mute it now.
type route struct {
	to ops.Text
	by []ops.Text
}

// mutes are the ways of each alert, by fingerprint.
type mutes map[ops.Text][]route

// mute tells of an alert who is not told. A receiver is told if one way to it is
// open, and an alert is muted if nobody is told.
func mute(p *ops.Paging, routes []route) {
	p.MutingUnknown = ops.Text{}
	told := map[ops.Text]bool{}
	for _, r := range routes {
		told[r.to] = told[r.to] || len(r.by) == 0
	}
	for _, r := range routes {
		if told[r.to] {
			continue
		}
		p.NotTold, p.MutedBy = joined(p.NotTold, []ops.Text{r.to}), joined(p.MutedBy, r.by)
	}
	if len(p.NotTold) == len(told) {
		p.State = ops.PagingMuted
	}
}

// groupReader reads the groups of alerts as they come.
type groupReader struct {
	v     *view
	in    *httpsource.Stream
	word  func(string) ops.Text
	ways  mutes
	kept  int
	group []member // the group that is read now
}

type member struct {
	id ops.Text
	by []ops.Text
}

// groups asks one peer for the ways of its alerts.
func (p *peer) groups(ctx context.Context, v *view) (mutes, error) {
	r := &groupReader{v: v, word: httpsource.Once(ops.Clean), ways: mutes{}}
	_, err := p.ask(ctx, "alerts/groups", func(in *httpsource.Stream) error {
		r.in = in
		return in.List(r.one)
	})
	return r.ways, err
}

func (r *groupReader) one() error {
	var to nameAnswer
	r.group = r.group[:0]
	err := r.in.Object(func(name string) error {
		switch name {
		case "receiver":
			return r.v.lenient("alerts/groups", r.in.Decode(&to))
		case "alerts":
			return r.in.List(r.member)
		}
		return r.in.Skip()
	})
	for _, m := range r.group {
		r.ways[m.id] = append(r.ways[m.id], route{r.word(to.Name), m.by})
	}
	return err
}

func (r *groupReader) member() error {
	if r.kept++; r.kept > httpsource.AlertsMost {
		return r.in.Skip()
	}
	var a alertAnswer
	err := r.v.lenient("alerts/groups", r.in.Decode(&a))
	r.group = append(r.group, member{r.word(a.Fingerprint), texts(a.Status.MutedBy)})
	return err
}

// routingOf reads a configuration once for as long as it stays the same.
func (p *peer) routingOf(text string) *routing {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.routing == nil || p.routing.text != text {
		p.routing = readRouting(text)
	}
	return p.routing
}
