package sink

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func clock() time.Time { return time.Now() }

func lines(t *testing.T, path string) []map[string]any {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for line := range strings.Lines(string(data)) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out = append(out, v)
	}
	return out
}

func TestMailIsWrittenDown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.ndjson")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go ServeSMTP(ln, NewJournal(path), clock) //nolint:errcheck // ends with the listener
	msg := "Subject: =?utf-8?q?disk_f=C3=BCll?=\r\n\r\nfirst line\r\n.. a line with a dot\r\n"
	if err := smtp.SendMail(ln.Addr().String(), nil, "am@x", []string{"a@x", "b@x"}, []byte(msg)); err != nil {
		t.Fatal(err)
	}
	got := lines(t, path)
	if len(got) != 1 || got[0]["subject"] != "disk füll" || got[0]["from"] != "am@x" || len(got[0]["to"].([]any)) != 2 {
		t.Errorf("got %v", got)
	}
}

func TestMailWithoutRecipientIsRefused(t *testing.T) {
	s := session{journal: NewJournal(filepath.Join(t.TempDir(), "m")), now: clock}
	if got := s.command("DATA"); !strings.HasPrefix(got, "503") {
		t.Errorf("got %q", got)
	}
	if got := s.command("VRFY x"); !strings.HasPrefix(got, "502") {
		t.Errorf("got %q", got)
	}
}

func TestWebhooks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "webhook.ndjson")
	h := Webhook(NewJournal(path), clock)
	for _, c := range []struct {
		name, method, body string
		want               int
	}{
		{"a delivery", http.MethodPost, `{"status":"firing"}`, http.StatusOK},
		{"not JSON", http.MethodPost, `hello`, http.StatusBadRequest},
		{"too large", http.MethodPost, strings.Repeat(" ", maxBody+1), http.StatusRequestEntityTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, httptest.NewRequest(c.method, "/page/platform", strings.NewReader(c.body)))
			if rec.Code != c.want {
				t.Errorf("got %d, want %d", rec.Code, c.want)
			}
		})
	}
	got := lines(t, path)
	if len(got) != 1 || got[0]["path"] != "/page/platform" {
		t.Errorf("got %v", got)
	}
}
