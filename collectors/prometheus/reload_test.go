package prometheus

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// TestAReloadIsDoneWhenTheServerHasANewerConfiguration: whatever answers 200, and
// whatever is lost on the way, the server's own word counts.
func TestAReloadIsDoneWhenTheServerHasANewerConfiguration(t *testing.T) {
	says := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/login")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = c.Close()
		}
	}
	const login = "<html>login</html>"
	for name, x := range map[string]struct {
		answer http.HandlerFunc
		takes  bool
		after  string // of what it is asked how it stands; empty: well
		code   ops.Code
		says   string
	}{
		"taken":                            {answer: says(200, ""), takes: true},
		"taken, and the answer is cut":     {answer: cut, takes: true},
		"taken, and a proxy has given up":  {answer: says(504, ""), takes: true},
		"answered by a proxy":              {answer: says(200, ""), code: ops.CodeUnanswered, says: "the one of 2026-11-21T18:40:08Z still"},
		"answered by a login page":         {answer: says(200, login), code: ops.CodeUnanswered, says: "not to be seen"},
		"sent to a login page":             {answer: says(302, login), code: ops.CodeUnavailable, says: "elsewhere"},
		"cut, and not taken":               {answer: cut, code: ops.CodeUnanswered, says: "nothing ("},
		"a proxy that took nothing":        {answer: says(502, ""), code: ops.CodeUnanswered, says: "502"},
		"refused":                          {answer: says(403, ""), code: ops.CodeDenied, says: "--web.enable-lifecycle"},
		"taken, and then nothing is known": {answer: says(200, ""), takes: true, after: login, code: ops.CodeUnanswered, says: "not as a Prometheus"},
		"taken, and not accepted":          {answer: says(200, ""), takes: true, after: `{"status":"success","data":{"reloadConfigSuccess":false,"lastConfigTime":"2026-11-21T18:40:30Z"}}`, code: ops.CodeUnanswered, says: "did not accept"},
		"no word of it at all":             {answer: says(200, ""), takes: true, after: `{"status":"success","data":{}}`, code: ops.CodeUnanswered, says: "it does not say"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeServer(t)
			took := false
			f.hook = func(w http.ResponseWriter, r *http.Request) bool {
				switch {
				case r.Method == http.MethodPost:
					took = x.takes
					x.answer(w, r)
				case took && x.after != "":
					_, _ = w.Write([]byte(x.after))
				case took:
					_, _ = fmt.Fprint(w, `{"status":"success","data":{"reloadConfigSuccess":true,"lastConfigTime":"2026-11-21T18:40:18Z"}}`)
				default:
					return false
				}
				return true
			}
			c := f.collector(t)
			c.lookMost, c.lookEvery = 30*time.Millisecond, 5*time.Millisecond
			at, err := c.Reload(t.Context())
			switch {
			case x.says == "" && (err != nil || at.Format(time.RFC3339) != "2026-11-21T18:40:18Z"):
				t.Errorf("%v, %v", at, err)
			case x.says != "" && (ops.CodeOf(err) != x.code || !strings.Contains(err.Error(), x.says)):
				t.Errorf("%v: %v", ops.CodeOf(err), err)
			}
		})
	}
}
