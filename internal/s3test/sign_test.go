package s3test

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// signed is a request as a client signs it.
func signed(t *testing.T, s *Server, secret, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPut, "/"+Bucket+"/pg/a%20file", strings.NewReader(body))
	stamp := time.Now().UTC().Format("20060102T150405Z")
	r.Header.Set("X-Amz-Date", stamp)
	r.Header.Set("X-Amz-Content-Sha256", hash([]byte(body)))
	const names = "host;x-amz-content-sha256;x-amz-date"
	text, err := canonical(r, names, hash([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	scope := []string{stamp[:8], Region, "s3", "aws4_request"}
	key := []byte("AWS4" + secret)
	for _, word := range scope {
		key = mac(key, word)
	}
	signature := hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+stamp+"\n"+strings.Join(scope, "/")+"\n"+hash([]byte(text))))
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=%s,Signature=%s", s.Key, strings.Join(scope, "/"), names, signature))
	return r
}

func TestTheStoreChecksWhoAsksAndWhatWasSigned(t *testing.T) {
	s := Start(t)
	for name, c := range map[string]struct {
		secret string
		change func(*http.Request)
		says   string // empty: it is served
	}{
		"as it was signed":        {s.Secret, func(*http.Request) {}, ""},
		"by another secret":       {"another", func(*http.Request) {}, "SignatureDoesNotMatch"},
		"to another object":       {s.Secret, func(r *http.Request) { r.URL.Path += "x" }, "SignatureDoesNotMatch"},
		"with another body":       {s.Secret, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("x")) }, "XAmzContentSHA256Mismatch"},
		"not signed at all":       {s.Secret, func(r *http.Request) { r.Header.Del("Authorization") }, "AccessDenied"},
		"of an hour ago":          {s.Secret, func(r *http.Request) { r.Header.Set("X-Amz-Date", "20200101T000000Z") }, "RequestTimeTooSkewed"},
		"while the store is down": {s.Secret, func(*http.Request) { s.Down(true) }, "SlowDown"},
	} {
		s.Down(false)
		r := signed(t, s, c.secret, "the body")
		c.change(r)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if got := w.Body.String(); c.says == "" && w.Code != http.StatusOK || c.says != "" && !strings.Contains(got, "<Code>"+c.says+"</Code>") {
			t.Errorf("%s: %d %s", name, w.Code, got)
		}
	}
	if held := s.Holds(); len(held) != 1 || string(held["pg/a file"]) != "the body" {
		t.Errorf("it holds %q", held)
	}
}
