package container

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"opsdeck/ops"
)

func asked(params ...string) ops.Request {
	r := request("web")
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		r.Params = append(r.Params, ops.Param{Name: ops.Clean(name), Value: ops.Clean(value)})
	}
	return r
}

func TestPauseKillAndRemoveAreOneCallEachAndLookedAt(t *testing.T) {
	paused := map[string]any{"Status": "paused", "Running": true, "Paused": true, "StartedAt": "2026-11-21T02:00:00Z"}
	up, id := running("2026-11-21T02:00:00Z"), "/v1.41/containers/50c7b94fa591"
	for name, tc := range map[string]struct {
		verb   verb
		req    ops.Request
		before map[string]any
		after  map[string]any // nil: gone
		call   string
		words  string
	}{
		"pause":                 {verbPause, asked(), up, paused, "POST " + id + "/pause", "it is paused"},
		"unpause":               {verbUnpause, asked(), paused, up, "POST " + id + "/unpause", "it is running"},
		"kill":                  {verbKill, asked(), up, exited(137), "POST " + id + "/kill?signal=KILL", "ended with exit 137"},
		"remove":                {verbRemove, asked(), exited(0), nil, "DELETE " + id, "removed"},
		"remove with volumes":   {verbRemove, asked("volumes=remove"), exited(0), nil, "DELETE " + id + "?v=1", "removed"},
		"killed and made to go": {verbKill, asked(), up, nil, "POST " + id + "/kill?signal=KILL", "is removed"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newScripted(t)
			d.state = tc.before
			d.call = func(w http.ResponseWriter, _ *http.Request) {
				d.set(func() {
					if d.state = tc.after; tc.after == nil {
						d.id = strings.Repeat("0", 64)
					}
				})
				w.WriteHeader(http.StatusNoContent)
			}
			a := actionOf(t, d.host, tc.verb)
			p, err := a.Plan(t.Context(), ops.Board{}, tc.req)
			if err != nil {
				t.Fatal(err)
			}
			res, err := a.Run(t.Context(), p, &notes{})
			if err != nil || res.State != ops.JobSucceeded || !strings.Contains(res.What.String(), tc.words) {
				t.Errorf("%+v, %v", res, err)
			}
			if got := d.called(); len(got) != 1 || got[0] != tc.call {
				t.Errorf("calls %q, want %q", got, tc.call)
			}
		})
	}
}

func TestWhatTheDaemonSaysItDidAndDidNot(t *testing.T) {
	up := running("2026-11-21T02:00:00Z")
	for v, words := range map[verb]string{verbPause: "web is running", verbKill: "still runs"} {
		d := newScripted(t)
		d.state, d.call = up, d.answers(up)
		a := actionOf(t, d.host, v)
		if _, err := a.Run(t.Context(), planned(t, a), &notes{}); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", v, err)
		}
	}
	for _, signal := range []string{"HUP", "TERM"} { // it may have been heard, and nobody sees it
		d := newScripted(t)
		d.state, d.call = up, d.answers(up)
		a := actionOf(t, d.host, verbKill)
		p, err := a.Plan(t.Context(), ops.Board{}, asked("signal="+signal))
		if err != nil {
			t.Fatal(err)
		}
		if res, err := a.Run(t.Context(), p, &notes{}); err != nil || res.State != ops.JobUnknown || !strings.Contains(res.What.String(), "it runs on") {
			t.Errorf("SIG%s: %+v, %v", signal, res, err)
		}
	}
	d := newScripted(t)
	d.state, d.call = exited(0), d.answers(exited(0))
	a := actionOf(t, d.host, verbRemove)
	if _, err := a.Run(t.Context(), planned(t, a), &notes{}); err == nil || !strings.Contains(err.Error(), "still there") {
		t.Errorf("remove: %v", err)
	}
}

func TestARemovalSaysWhatGoesWhatStaysAndWhoMakesItAgain(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	mounts := []map[string]any{
		{"Type": "volume", "Name": hash, "Destination": "/data"}, {"Type": "volume", "Name": "shop_db", "Destination": "/db"},
		{"Type": "bind", "Source": "/etc/shop", "Destination": "/etc/shop"},
	}
	compose := map[string]string{labelProject: "shop", labelService: "web", labelWorkingDir: "/srv/shop"}
	for name, tc := range map[string]struct {
		req    ops.Request
		labels map[string]string
		wants  []string
		never  string
	}{
		"volumes are kept": {asked(), compose, []string{"what it wrote outside its volumes, its log", "stays behind without an owner: anonymous volume abababababab at /data",
			"stays: folder /etc/shop, volume shop_db", "docker compose up -d web in /srv/shop"}, "with everything in it"},
		"volumes go too":    {asked("volumes=remove"), compose, []string{"anonymous volume abababababab at /data, with everything in it", "stays: folder"}, "without an owner"},
		"nobody knows it":   {asked(), nil, []string{"nobody makes it again"}, "compose up"},
		"the swarm has one": {asked(), map[string]string{labelSwarmService: "web"}, []string{"swarm service web, which makes another one at once"}, "nobody makes"},
	} {
		d := newScripted(t)
		d.state, d.mounts, d.config["Labels"] = exited(1), mounts, tc.labels
		p, err := actionOf(t, d.host, verbRemove).Plan(t.Context(), ops.Board{}, tc.req)
		if err != nil {
			t.Fatal(err)
		}
		said := fmt.Sprint(p.Replaces, p.Warnings)
		for _, w := range tc.wants {
			if !strings.Contains(said, w) {
				t.Errorf("%s: no %q in %s", name, w, said)
			}
		}
		if strings.Contains(said, tc.never) {
			t.Errorf("%s: %q in %s", name, tc.never, said)
		}
	}
	d := newScripted(t)
	if info := actionOf(t, d.host, verbRemove).Describe(); info.Class != ops.ClassDestructive {
		t.Errorf("remove is %s", info.Class)
	}
}

func TestAKillSaysThatThePolicyDoesNotBringItBack(t *testing.T) {
	d := newScripted(t)
	p, err := actionOf(t, d.host, verbKill).Plan(t.Context(), ops.Board{}, asked())
	if err != nil || !strings.Contains(fmt.Sprint(p.Warnings), "restart policy (always) does not bring it back") || !strings.Contains(fmt.Sprint(p.Replaces), "without time to end") {
		t.Errorf("%v %v, %v", p.Replaces, p.Warnings, err)
	}
	for _, bad := range []ops.Request{asked("signal=STOP"), asked("signal=9; rm -rf"), asked("signal=")} {
		if _, err := actionOf(t, d.host, verbKill).Plan(t.Context(), ops.Board{}, bad); ops.CodeOf(err) != ops.CodeInvalid {
			t.Errorf("%v: %v", bad.Params, err)
		}
	}
	if _, err := actionOf(t, d.host, verbRemove).Plan(t.Context(), ops.Board{}, asked()); ops.CodeOf(err) != ops.CodeInvalid || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("remove what runs: %v", err)
	}
}
