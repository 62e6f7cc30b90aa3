package prometheus

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// targetsMost is how many targets that are down are listed.
const targetsMost = 50

// openSource tells how the server itself stands. Each part may fail by itself;
// only a server that answers nothing at all is an error.
func (c *Collector) openSource(ctx context.Context, ref ops.Ref) (ops.Detail, error) {
	d := ops.Detail{Ref: ref, At: c.cfg.Now(), Title: ops.Clean("prometheus " + c.cfg.Name)}
	parts := []func(context.Context) (ops.FactGroup, error){c.serverPart, c.targetPart, c.rulePart, c.pagerPart, c.replayPart}
	var why []string
	var first error
	for _, part := range parts {
		g, err := part(ctx)
		if err != nil {
			first = cmp.Or(first, err)
			why = append(why, err.Error())
			continue
		}
		d.Groups = append(d.Groups, g)
	}
	if len(d.Groups) == 0 {
		return ops.Detail{}, first
	}
	d.Why = ops.Clean(strings.Join(why, "; "))
	return d, nil
}

func (c *Collector) serverPart(ctx context.Context) (ops.FactGroup, error) {
	g := facts("server")
	g.add("address", c.base.String())
	b, err := decode[buildInfo](ctx, c, "status/buildinfo", nil)
	if err != nil {
		return g.FactGroup, err
	}
	g.add("version", b.Version)
	g.add("revision", b.Revision)
	g.add("built with", b.GoVersion)
	r, err := decode[runtimeInfo](ctx, c, "status/runtimeinfo", nil)
	if err != nil {
		return g.FactGroup, err
	}
	if !r.StartTime.IsZero() {
		g.add("started", ops.Stamp(r.StartTime))
	}
	if r.ReloadConfigSuccess != nil {
		g.add("last configuration accepted", yesNo(*r.ReloadConfigSuccess))
	}
	if !r.LastConfigTime.IsZero() {
		g.add("configuration of", ops.Stamp(r.LastConfigTime))
	}
	g.add("corruptions found", fmt.Sprint(r.CorruptionCount))
	g.add("retention", r.StorageRetention)
	return g.FactGroup, nil
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// target is what is read of one of /targets: the metadata beside it is skipped.
type target struct {
	Labels struct {
		Job      string `json:"job"`
		Instance string `json:"instance"`
	} `json:"labels"`
	Health    string `json:"health"`
	LastError string `json:"lastError"`
}

func (c *Collector) targetPart(ctx context.Context) (ops.FactGroup, error) {
	g := facts("targets")
	count := map[string]int{}
	one := func(in *httpsource.Stream) error {
		var t target
		if err := in.Decode(&t); err != nil {
			return err
		}
		if count[t.Health]++; t.Health == "down" && len(g.Facts) < targetsMost {
			g.add(t.Labels.Job+" "+t.Labels.Instance, "down: "+cmp.Or(withoutUser(t.LastError), "no error told"))
		}
		return nil
	}
	_, err := c.call(ctx, "targets", url.Values{"state": {"active"}}, func(in *httpsource.Stream) error {
		return in.Object(func(name string) error {
			if name != "activeTargets" {
				return in.Skip()
			}
			return in.List(func() error { return one(in) })
		})
	})
	if err != nil {
		return g.FactGroup, err
	}
	slices.SortFunc(g.Facts, byName)
	summary := fmt.Sprintf("%d up, %d down, %d not scraped yet", count["up"], count["down"], count["unknown"])
	g.Facts = slices.Insert(g.Facts, 0, ops.Fact{Name: ops.Lit("targets"), Value: ops.Clean(summary)})
	return g.FactGroup, nil
}

// userInfo is the user part of a URL. A target's error repeats its address.
var userInfo = regexp.MustCompile(`(\w[\w+.-]*://)[^/@\s"]+@`)

func withoutUser(s string) string { return userInfo.ReplaceAllString(s, "${1}•••@") }

func (c *Collector) rulePart(ctx context.Context) (ops.FactGroup, error) {
	g := facts("rules")
	book, err := c.rules(ctx)
	if err != nil {
		return g.FactGroup, err
	}
	alerting, recording := 0, 0
	for r := range book.rules {
		if r.records() {
			recording++
		} else {
			alerting++
		}
	}
	g.add("rules", fmt.Sprintf("%d that alert and %d that record, in %s", alerting, recording, ops.Count(len(book.groups), "group")))
	c.mu.Lock()
	up := c.slow.up()
	c.mu.Unlock()
	for _, n := range book.notes(c.cfg.Now(), up) {
		g.add("fault", n.String())
	}
	return g.FactGroup, nil
}

func (c *Collector) pagerPart(ctx context.Context) (ops.FactGroup, error) {
	g := facts("alertmanagers")
	a, err := decode[alertmanagers](ctx, c, "alertmanagers", nil)
	if err != nil {
		return g.FactGroup, err
	}
	for _, m := range a.Active {
		g.add("sends to", withoutUser(m.URL))
	}
	if len(a.Active) == 0 {
		g.add("sends to", "nobody")
	}
	return g.FactGroup, nil
}

func (c *Collector) replayPart(ctx context.Context) (ops.FactGroup, error) {
	g := facts("write-ahead log")
	r, err := decode[replay](ctx, c, walReplay, nil)
	if err != nil {
		return g.FactGroup, err
	}
	g.add("replayed at start", fmt.Sprintf("segment %d of %d", r.Current, r.Max))
	return g.FactGroup, nil
}
