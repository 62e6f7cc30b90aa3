package alertmanager

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// wished is a silence for two hours from now on.
func wished() ops.Silence {
	return ops.Silence{
		Matchers: []ops.Matcher{{Name: ops.Lit("alertname"), Value: ops.Lit("Down")}, {Name: ops.Lit("zone"), Op: ops.MatchNotRegexp, Value: ops.Lit("b.*")}},
		By:       ops.Lit("ana"), Comment: ops.Lit("new disk"), Ends: recordedAt.Add(2 * time.Hour),
	}
}

func words(notes []ops.Text) string { return fmt.Sprint(notes) }

func TestPostingTwiceMakesOne(t *testing.T) {
	store := newStore(t)
	peer := newFakePeer(t, store)
	c := collectorOf(t, peer.URL)
	id, notes, err := c.Post(t.Context(), wished())
	if err != nil || id.Empty() || len(notes) != 0 || store.count() != 3 {
		t.Fatalf("%s, %v, %v", id, notes, err)
	}
	sent := fmt.Sprint(store.silences[2])
	for _, want := range []string{"createdBy:ana", "comment:new disk", "endsAt:2026-11-21T21:21:45Z", "startsAt:2026-11-21T19:20:45Z",
		"map[isEqual:true isRegex:false name:alertname value:Down] map[isEqual:false isRegex:true name:zone value:b.*]"} {
		if !strings.Contains(sent, want) {
			t.Errorf("no %s in %s", want, sent)
		}
	}
	later := wished()
	later.Ends = later.Ends.Add(20 * time.Second)
	again, notes, err := c.Post(t.Context(), later)
	if err != nil || again != id || !strings.Contains(words(notes), "there already") || store.count() != 3 {
		t.Errorf("%s, %v, %v", again, notes, err)
	}
	for name, change := range map[string]func(*ops.Silence){
		"another end":     func(s *ops.Silence) { s.Ends = s.Ends.Add(2 * time.Minute) },
		"somebody else":   func(s *ops.Silence) { s.By = ops.Lit("bob") },
		"another comment": func(s *ops.Silence) { s.Comment = ops.Lit("x") },
		"other matchers":  func(s *ops.Silence) { s.Matchers = s.Matchers[:1] },
		"later":           func(s *ops.Silence) { s.Starts = recordedAt.Add(time.Hour) },
	} {
		other := wished()
		change(&other)
		before := store.count()
		if got, _, err := c.Post(t.Context(), other); err != nil || got == id || store.count() != before+1 {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestALostAnswerIsLookedForAndNeverRepeated(t *testing.T) {
	for name, lose := range map[string]func(w http.ResponseWriter, r *http.Request, keep func()){
		"the connection is cut": func(w http.ResponseWriter, _ *http.Request, keep func()) { keep(); cut(w) },
		"a proxy gives up": func(w http.ResponseWriter, _ *http.Request, keep func()) {
			keep()
			w.WriteHeader(http.StatusGatewayTimeout)
		},
		"the answer says nothing":   func(w http.ResponseWriter, _ *http.Request, keep func()) { keep(); _, _ = w.Write([]byte("{}")) },
		"the answer does not come":  func(_ http.ResponseWriter, r *http.Request, keep func()) { keep(); <-r.Context().Done() },
		"cut before it was taken":   func(w http.ResponseWriter, _ *http.Request, _ func()) { cut(w) },
		"a proxy that took nothing": func(w http.ResponseWriter, _ *http.Request, _ func()) { w.WriteHeader(http.StatusBadGateway) },
	} {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			peer := newFakePeer(t, store)
			kept := false
			peer.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPost {
					return false
				}
				lose(w, r, func() {
					kept = true
					store.post(discard{http.Header{}}, r)
				})
				return true
			}
			id, notes, err := collectorOf(t, peer.URL).Post(t.Context(), wished())
			if n := peer.made("POST silences"); n != 1 {
				t.Errorf("%d posts", n)
			}
			switch {
			case kept && (err != nil || id.Empty() || !strings.Contains(words(notes), "the answer was lost") || store.count() != 3):
				t.Errorf("%s, %v, %v, %d silences", id, notes, err, store.count())
			case !kept && (ops.CodeOf(err) != ops.CodeUnanswered || !strings.Contains(err.Error(), "amtool silence query")):
				t.Errorf("%s, %v", id, err)
			}
		})
	}
}

// discard takes an answer that nobody gets.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func TestACanceledCallerStillLearnsWhatWasDone(t *testing.T) {
	store := newStore(t)
	peer := newFakePeer(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	peer.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		store.post(discard{http.Header{}}, r)
		cancel()
		<-r.Context().Done()
		return true
	}
	id, notes, err := collectorOf(t, peer.URL).Post(ctx, wished())
	if err != nil || id.Empty() || !strings.Contains(words(notes), "the answer was lost") {
		t.Errorf("%s, %v, %v", id, notes, err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, _, err := collectorOf(t, peer.URL).Post(ctx, wished()); ops.CodeOf(err) != ops.CodeUnavailable || !strings.Contains(err.Error(), "nothing was done") {
		t.Errorf("%v", err)
	}
}

func TestARefusalIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		code   ops.Code
		words  string
	}{
		"past end":   {400, `"bad silence: end time can't be in the past"`, ops.CodeInvalid, "in the past"},
		"redirected": {307, "", ops.CodeUnavailable, "sends us elsewhere"},
		"denied":     {403, "", ops.CodeDenied, "check basic_auth"},
		"its fault":  {500, `"disk full"`, ops.CodeUnavailable, "disk full"},
	} {
		store := newStore(t)
		peer := newFakePeer(t, store)
		peer.hook = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}
			return r.Method == http.MethodPost
		}
		_, _, err := collectorOf(t, peer.URL).Post(t.Context(), wished())
		if ops.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.words) || peer.made("POST silences") != 1 || store.count() != 2 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnePeerIsPostedToAndTheOthersAreAsked(t *testing.T) {
	store := newStore(t)
	a, b, apart := newFakePeer(t, store), newFakePeer(t, store), newFakePeer(t, &fakeStore{silences: []map[string]any{}})
	id, notes, err := collectorOf(t, refused(t), a.URL, b.URL, apart.URL).Post(t.Context(), wished())
	if err != nil || id.Empty() || store.count() != 3 || a.made("POST silences")+b.made("POST silences")+apart.made("POST silences") != 1 {
		t.Errorf("%s, %v", id, err)
	}
	if w := words(notes); !strings.Contains(w, "peer d ") || !strings.Contains(w, "peer a cannot be asked") || strings.Contains(w, "peer c") {
		t.Errorf("%s", w)
	}
}

func TestTimesGoOutByTheServersClock(t *testing.T) {
	store := newStore(t)
	peer := newFakePeer(t, store)
	peer.date = recordedAt.Add(-time.Hour)
	c := collectorOf(t, peer.URL)
	id, _, err := c.Post(t.Context(), wished())
	if err != nil || store.silences[2]["endsAt"] != "2026-11-21T20:21:45Z" {
		t.Errorf("%v, %v", store.silences[2], err)
	}
	if again, _, err := c.Post(t.Context(), wished()); err != nil || again != id {
		t.Errorf("%s, %v", again, err)
	}
}

func TestExtendSendsBackWhatItDoesNotKnow(t *testing.T) {
	store := newStore(t)
	raw := "evil\x1b[2J\u202e"
	store.silences[0]["annotations"] = map[string]any{"ticket": "7"}
	store.silences[0]["comment"] = raw
	peer := newFakePeer(t, store)
	c := collectorOf(t, peer.URL)
	id := ops.Lit("5ce268e6-eff8-4dbf-8dec-fea8ce1668d4")
	ends := recordedAt.Add(3 * time.Hour)
	got, notes, err := c.Extend(t.Context(), id, ends)
	if err != nil || got != id || len(notes) != 0 {
		t.Fatalf("%s, %v, %v", got, notes, err)
	}
	s := store.silences[0]
	if s["comment"] != raw || fmt.Sprint(s["annotations"]) != "map[ticket:7]" || s["endsAt"] != "2026-11-21T22:21:45Z" || s["startsAt"] != "2026-11-21T19:21:33.940Z" {
		t.Errorf("%v", s)
	}
	if _, notes, err := c.Extend(t.Context(), id, ends); err != nil || peer.made("POST silences") != 1 || len(notes) != 1 {
		t.Errorf("again: %v, %v", notes, err)
	}
	peer.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			store.post(discard{http.Header{}}, r)
			cut(w)
		}
		return r.Method == http.MethodPost
	}
	if got, notes, err := c.Extend(t.Context(), id, ends.Add(time.Hour)); err != nil || got != id || !strings.Contains(words(notes), "the answer was lost") {
		t.Errorf("lost: %s, %v, %v", got, notes, err)
	}
	for name, c2 := range map[string]struct {
		id   string
		code ops.Code
	}{"expired": {"000068e6-eff8-4dbf-8dec-fea8ce1668d4", ops.CodeChanged}, "unknown": {"no", ops.CodeNotFound}} {
		if _, _, err := c.Extend(t.Context(), ops.Clean(c2.id), ends); ops.CodeOf(err) != c2.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExpire(t *testing.T) {
	store := newStore(t)
	peer := newFakePeer(t, store)
	c := collectorOf(t, peer.URL)
	id := ops.Lit("5ce268e6-eff8-4dbf-8dec-fea8ce1668d4")
	if _, err := c.Expire(t.Context(), ops.Lit("no")); ops.CodeOf(err) != ops.CodeNotFound {
		t.Errorf("unknown: %v", err)
	}
	peer.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete {
			cut(w)
		}
		return r.Method == http.MethodDelete
	}
	if _, err := c.Expire(t.Context(), id); ops.CodeOf(err) != ops.CodeUnanswered || peer.made("DELETE silence/"+id.String()) != 1 {
		t.Errorf("lost, not done: %v", err)
	}
	peer.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete {
			store.one(discard{http.Header{}}, r, id.String())
			cut(w)
		}
		return r.Method == http.MethodDelete
	}
	if notes, err := c.Expire(t.Context(), id); err != nil || !strings.Contains(words(notes), "the answer was lost") {
		t.Errorf("lost, done: %v, %v", notes, err)
	}
	if notes, err := c.Expire(t.Context(), id); err != nil || !strings.Contains(words(notes), "expired before") {
		t.Errorf("again: %v, %v", notes, err)
	}
}

// TestA200IsNoProof: whatever answers, and with whatever words, the list has to show
// what was done.
func TestA200IsNoProof(t *testing.T) {
	id := ops.Lit("5ce268e6-eff8-4dbf-8dec-fea8ce1668d4")
	for name, do := range map[string]func(*testing.T, *Collector) error{
		"make": func(t *testing.T, c *Collector) error { _, _, err := c.Post(t.Context(), wished()); return err },
		"extend": func(t *testing.T, c *Collector) error {
			_, _, err := c.Extend(t.Context(), id, recordedAt.Add(3*time.Hour))
			return err
		},
		"expire": func(t *testing.T, c *Collector) error { _, err := c.Expire(t.Context(), id); return err },
	} {
		for _, answer := range []string{"", "{}", "null", "<html>login</html>", `{"silenceID":"made-up"}`, `{"silenceID":"` + id.String() + `"}`} {
			for _, after := range []string{"", "<html>login</html>", "[]"} { // what the list becomes; empty: it stays
				store := newStore(t)
				peer := newFakePeer(t, store)
				changed := false
				peer.hook = func(w http.ResponseWriter, r *http.Request) bool {
					switch {
					case r.Method != http.MethodGet:
						changed = true
						_, _ = w.Write([]byte(answer))
					case changed && after != "":
						_, _ = w.Write([]byte(after))
					default:
						return false
					}
					return true
				}
				c := collectorOf(t, peer.URL)
				c.lookMost = 10 * time.Millisecond
				if err := do(t, c); ops.CodeOf(err) != ops.CodeUnanswered || store.count() != 2 {
					t.Errorf("%s, answered %q, the list is then %q: %v", name, answer, after, err)
				}
			}
		}
	}
}
