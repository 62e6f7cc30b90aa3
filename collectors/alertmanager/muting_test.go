package alertmanager

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"opsdeck/ops"
)

// mutingPeer has one alert, x, that goes to a and b by routes with time intervals, and
// to c by one without.
func mutingPeer(t *testing.T, config, status, groups string) *fakePeer {
	t.Helper()
	p := newFakePeer(t, newStore(t))
	p.bodies["alerts"] = `[{"fingerprint":"x","labels":{"alertname":"Down"},"receivers":[{"name":"a"},{"name":"b"}],"startsAt":"2026-11-21T19:20:00Z","status":` + status + `}]`
	p.bodies["status"] = fmt.Sprintf(`{"cluster":{"status":"disabled"},"config":{"original":%q},"versionInfo":{}}`, config)
	p.bodies["alerts/groups"] = groups
	return p
}

// group is one group of alert x. Its fields stand in the order of a real server.
func group(to, mutedBy string) string {
	return `{"alerts":[{"fingerprint":"x","status":{"mutedBy":[` + mutedBy + `]}}],"labels":{},"receiver":{"name":"` + to + `"}}`
}

// Two routes have time intervals, and the second takes its receiver from above.
const timed = `route:
  receiver: c
  routes:
  - receiver: a
    continue: true
    mute_time_intervals: [night]
  - receiver: b
    routes:
    - matchers: ['severity="x"']
      active_time_intervals:
      - office
time_intervals: []
`

const (
	active28 = `{"state":"active","silencedBy":[],"inhibitedBy":[],"mutedBy":[]}`
	active27 = `{"state":"active","silencedBy":[],"inhibitedBy":[]}`
)

func TestWhomATimeIntervalKeepsFromBeingTold(t *testing.T) {
	for situation, c := range map[string]struct {
		config, status, groups string
		want                   string // state, who is not told, by what, and why that is not known
		asked                  int    // for the groups
	}{
		"every route is muted":             {timed, active28, `[` + group("a", `"night"`) + `,` + group("b", `"office"`) + `]`, "muted [a b] [night office] ", 1},
		"one of two routes is muted":       {timed, active28, `[` + group("a", `"night"`) + `,` + group("b", "") + `]`, "active [a] [night] ", 1},
		"no route is muted now":            {timed, active28, `[` + group("a", "") + `,` + group("b", "") + `]`, "active [] [] ", 1},
		"muted on one of two ways to one":  {timed, active28, `[` + group("a", `"night"`) + `,` + group("a", "") + `]`, "active [] [] ", 1},
		"it is in no group yet":            {timed, active28, `[]`, "active [] [] not known: no group that was read has it", 1},
		"the groups are something else":    {timed, active28, `{}`, "active [] [] not known: the groups of alerts cannot be read", 1},
		"the server is older than 0.28":    {timed, active27, `[` + group("a", "") + `]`, "active [] [] not known below Alertmanager 0.28", 0},
		"a silence holds it anyway":        {timed, `{"state":"suppressed","silencedBy":["s"],"mutedBy":[]}`, `[]`, "silenced [] [] ", 0},
		"no route has time intervals":      {"route: {receiver: a}\nmute_time_intervals: [{name: night}]\n", active27, `[]`, "active [] [] ", 0},
		"nothing is known of its routes":   {"", active28, `[` + group("a", `"night"`) + `]`, "muted [a] [night] ", 1},
		"nothing is known of an old one's": {": {", active27, `[]`, "active [] [] not known below Alertmanager 0.28", 0},
	} {
		p := mutingPeer(t, c.config, c.status, c.groups)
		f := collect(t, collectorOf(t, p.URL))
		g := (*f.AlertmanagerAlerts)[0].Paging
		if got := fmt.Sprint(g.State, g.NotTold, g.MutedBy, g.MutingUnknown); got != c.want || p.made("GET alerts/groups") != c.asked {
			t.Errorf("%s: %s, asked %d times", situation, got, p.made("GET alerts/groups"))
		}
		if strings.Contains(notesOf(f), "mutes is not known") != (c.groups == `{}`) {
			t.Errorf("%s: notes %s", situation, notesOf(f))
		}
	}
}

func TestAnAlertThatNoTimedRouteTakesCostsNoFurtherCall(t *testing.T) {
	p := mutingPeer(t, timed, active28, `[]`)
	p.bodies["alerts"] = strings.ReplaceAll(p.bodies["alerts"], `[{"name":"a"},{"name":"b"}]`, `[{"name":"c"}]`)
	g := (*collect(t, collectorOf(t, p.URL)).AlertmanagerAlerts)[0].Paging
	if g.State != ops.PagingActive || !g.MutingUnknown.Empty() || p.made("GET alerts/groups") != 0 {
		t.Errorf("%+v, asked %d times", g, p.made("GET alerts/groups"))
	}
}

func TestWhoIsToldByOnePeerIsTold(t *testing.T) {
	mutes := func(a, b string) *fakePeer {
		return mutingPeer(t, timed, active28, `[`+group("a", a)+`,`+group("b", b)+`]`)
	}
	old := mutingPeer(t, timed, active27, "")
	for situation, c := range map[string]struct {
		peers []*fakePeer
		want  string
	}{
		"both mute all":           {[]*fakePeer{mutes(`"night"`, `"office"`), mutes(`"night"`, `"office"`)}, "muted [a b] [night office] "},
		"one mutes, one does not": {[]*fakePeer{mutes(`"night"`, `"office"`), mutes("", "")}, "active [] [] "},
		"each mutes another":      {[]*fakePeer{mutes(`"night"`, ""), mutes("", `"office"`)}, "active [] [] "},
		"both mute one":           {[]*fakePeer{mutes(`"night"`, ""), mutes(`"night"`, `"office"`)}, "active [a] [night office] "},
		"one cannot tell":         {[]*fakePeer{mutes(`"night"`, `"office"`), old}, "active [] [] not known below Alertmanager 0.28"},
	} {
		g := (*collect(t, collectorOf(t, c.peers[0].URL, c.peers[1].URL)).AlertmanagerAlerts)[0].Paging
		if got := fmt.Sprint(g.State, g.NotTold, g.MutedBy, g.MutingUnknown); got != c.want {
			t.Errorf("%s: %s", situation, got)
		}
	}
}

func TestAConfigurationIsReadOnceAndAgainWhenItChanges(t *testing.T) {
	p := mutingPeer(t, "route: {receiver: c}\n", active28, `[`+group("a", `"night"`)+`]`)
	c := collectorOf(t, p.URL)
	collect(t, c)
	first := c.peers[0].routing
	collect(t, c)
	if c.peers[0].routing != first {
		t.Error("the same configuration was read twice")
	}
	p.set(func() { p.bodies["status"] = fmt.Sprintf(`{"config":{"original":%q}}`, timed) })
	if g := (*collect(t, c).AlertmanagerAlerts)[0].Paging; g.State != ops.PagingMuted {
		t.Errorf("%+v", g)
	}
}

func TestGroupsThatAreRefusedLeaveTheAlerts(t *testing.T) {
	p := mutingPeer(t, timed, active28, "")
	p.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/groups") {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	f := collect(t, collectorOf(t, p.URL))
	if len(*f.AlertmanagerAlerts) != 1 || (*f.AlertmanagerAlerts)[0].Paging.MutingUnknown != unread || !strings.Contains(notesOf(f), "mutes is not known") {
		t.Errorf("%+v", f)
	}
}

func TestWhatARealServerSaysOfMutedAlertsIsRead(t *testing.T) {
	p := newFakePeer(t, newStore(t))
	p.bodies = map[string]string{"alerts": recorded(t, "alerts-0.35.json"), "alerts/groups": recorded(t, "groups-0.35.json"), "status": recorded(t, "status-0.35.json")}
	want := map[string]string{
		"Plain":  "active [day] [] [] ",
		"Cause":  "active [day] [] [] ",
		"Effect": "inhibited [day] [] [] ",
		"Quiet":  "silenced [night] [] [] ",
		"Muted":  "muted [night] [night] [always] ",
		"Partly": "active [night pager] [night] [never] ",
	}
	all := *collect(t, collectorOf(t, p.URL)).AlertmanagerAlerts
	for _, a := range all {
		name, g := ops.LabelOf(a.Labels, "alertname").String(), a.Paging
		if got := fmt.Sprint(g.State, g.Receivers, g.NotTold, g.MutedBy, g.MutingUnknown); got != want[name] {
			t.Errorf("%s: %s", name, got)
		}
	}
	if len(all) != len(want) {
		t.Errorf("%d alerts", len(all))
	}
}
