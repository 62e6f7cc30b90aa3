//go:build lab

package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"

	"opsdeck/internal/dockertest"
)

// raised is an alert as Alertmanager's API takes it.
type raised struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	Starts       time.Time         `json:"startsAt"`
	Ends         time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
}

// raise makes an alert of its own name fire at the real Alertmanager until the
// test ends, and returns its name.
func raise(t *testing.T, a raised) string {
	t.Helper()
	name := dockertest.Name("alert")
	a.Labels["alertname"], a.Starts, a.Ends = name, time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	posted(t, "/api/v2/alerts", []raised{a})
	t.Cleanup(func() {
		a.Ends = time.Now()
		posted(t, "/api/v2/alerts", []raised{a})
	})
	return name
}

// posted gives Alertmanager something past the proxy and returns its answer.
func posted(t *testing.T, path string, what any) []byte {
	t.Helper()
	body, err := json.Marshal(what)
	must(t, err)
	r, err := http.Post(os.Getenv("OPSDECK_LAB_ALERTMANAGER_URL")+path, "application/json", bytes.NewReader(body))
	must(t, err)
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	must(t, err)
	if r.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %s: %s", path, r.Status, answer)
	}
	return answer
}

// kept is a silence as Alertmanager itself has it.
type kept struct {
	ID      string
	Comment string
	Starts  time.Time `json:"startsAt"`
	Ends    time.Time `json:"endsAt"`
	Status  struct{ State string }
}

// silencesOf are Alertmanager's own silences with a comment, past the proxy.
func silencesOf(t *testing.T, comment string) []kept {
	t.Helper()
	var all, mine []kept
	must(t, json.Unmarshal([]byte(fetched(t, "ALERTMANAGER", "/api/v2/silences")), &all))
	for _, s := range all {
		if s.Comment == comment {
			mine = append(mine, s)
		}
	}
	return mine
}

// one checks that Alertmanager has exactly one silence with a comment.
func one(t *testing.T, comment, state string) kept {
	t.Helper()
	all := silencesOf(t, comment)
	if len(all) != 1 || all[0].Status.State != state {
		t.Fatalf("Alertmanager has %+v", all)
	}
	return all[0]
}

// The answer to the POST is lost on its way: the silence is there once, is found,
// and is not made again. Then it is extended and expired by keys.
func TestASilenceByKeysWhoseAnswerIsLostIsThereOnce(t *testing.T) {
	name := raise(t, raised{Labels: map[string]string{"severity": "high", "service": "ifrs9-api"}, Annotations: map[string]string{"summary": "raised by a test"}})
	comment := "disk is ordered, see " + name
	w, s := awake(t)
	s.unlock()
	s.keys("2")
	s.filter(name)
	s.until(`(?m)^>.*` + name)
	breakLab(t, "postanswer-cut")
	s.keys("s")
	s.until(`comment(?s:.*)amtool silence add|comment(?s:.*)a silence needs a comment`)
	s.enter(`comment\s+`, comment)
	s.until(`silence add(?s:.*)` + name)
	s.keys("Enter") // the comment is the reason
	at := time.Now()
	s.yes(`job \d+ silence|silence .*: (done|succeeded)`)
	s.until(`(?m)^>.*silenced`)
	t.Logf("silenced on the screen %s after the yes", time.Since(at).Round(10*time.Millisecond))
	first := one(t, comment, "active")
	s.keys("S")
	s.until(`(?m)^silences`)
	s.filter(name)
	s.until(`(?m)^>.*` + name)
	s.keys("x")
	s.until(`(?m)^> extend\s`)
	s.keys("Enter")
	s.until(`by\s+1h`)
	s.press("Enter", `Why\?`)
	s.confirm("still waiting")
	s.yes(`(?m)^>.*\s2h5\dm`) // a minute of the three hours has begun
	until(t, patience, "the silence ends an hour later", func() bool {
		all := silencesOf(t, comment)
		return len(all) == 1 && all[0].Ends.Sub(first.Ends).Round(time.Minute) == time.Hour
	})
	one(t, comment, "active")
	s.keys("x")
	s.pick("expire")
	s.keys("Enter") // its alert fires: it pages again at once
	s.yes(`(?m)^> expired`)
	one(t, comment, "expired")
	s.unfiltered()
	s.keys("Escape")
	s.untitled(`^silences`)
	s.rowFree(`high\s+`+name, `silenced`)
	w.want(0, `outcome.*silence `+name, "history", "--match", name)
	w.want(0, `the answer was lost; the list shows that it was made`, "history", "--job", "1")
}

func TestASilenceWithoutAScreenWhoseAnswerIsLostIsThereOnce(t *testing.T) {
	name := raise(t, raised{Labels: map[string]string{"severity": "high"}, Annotations: map[string]string{"summary": "raised by a test"}})
	comment := "known, see " + name
	w, s := awake(t)
	s.tall()
	s.until(name)
	var all []struct{ Fingerprint string }
	must(t, json.Unmarshal([]byte(fetched(t, "ALERTMANAGER", "/api/v2/alerts?filter=alertname%3D"+name)), &all))
	breakLab(t, "postanswer-cut")
	w.want(0, `job 1 succeeded.*the answer was lost; the list shows that it was made`, "run", "silence.create", "alert:alertmanager/"+all[0].Fingerprint,
		"-p", "duration=15m", "-p", "comment="+comment, "--yes", "--reason", "test")
	made := one(t, comment, "active")
	s.keys("2")
	s.filter(name)
	s.until(`(?m)^>.*silenced`)
	w.want(0, `job 2 succeeded`, "run", "silence.extend", "silence:alertmanager/"+made.ID, "-p", "by=30m", "--yes", "--reason", "test")
	made = one(t, comment, "active")
	if lasts := made.Ends.Sub(made.Starts).Round(time.Minute); lasts != 45*time.Minute {
		t.Errorf("it lasts %s", lasts)
	}
	w.want(0, `job 3 succeeded`, "run", "silence.expire", "silence:alertmanager/"+made.ID, "--yes")
	one(t, comment, "expired")
	s.rowFree(`high\s+`+name, `silenced`)
	if text := w.want(0, "", "history", "--match", "silence").out; !regexp.MustCompile(`(?s)intent.*outcome.*intent.*outcome.*intent.*outcome`).MatchString(text) {
		t.Errorf("the history holds:\n%s", text)
	}
}
