package s3test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"
)

// refusal is an error as S3 says it.
type refusal struct {
	status     int
	code, what string
	key        string // that was used, which S3 repeats
}

func (r *refusal) Error() string { return r.code + ": " + r.what }

// skewMost is how far the times of client and store may be apart.
const skewMost = 15 * time.Minute

// check checks the signature of a request (AWS signature version 4), and that its body is
// the one that was signed. The body is read by it, and can be read again.
func (s *Server) check(r *http.Request) *refusal {
	words, signed := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !signed {
		return &refusal{status: http.StatusForbidden, code: "AccessDenied", what: "it is not signed"}
	}
	part := map[string]string{}
	for _, p := range strings.Split(words, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		part[k] = v
	}
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", stamp)
	scope := strings.Split(part["Credential"], "/")
	switch {
	case err != nil || time.Since(at).Abs() > skewMost:
		return &refusal{status: http.StatusForbidden, code: "RequestTimeTooSkewed", what: "the time of the request is another"}
	case len(scope) != 5 || scope[0] != s.Key:
		return &refusal{status: http.StatusForbidden, code: "InvalidAccessKeyId", what: "nobody has this key", key: scope[0]}
	case scope[1] != stamp[:8] || scope[2] != Region || scope[3] != "s3" || scope[4] != "aws4_request":
		return &refusal{status: http.StatusBadRequest, code: "AuthorizationHeaderMalformed", what: "the scope is wrong"}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return &refusal{status: http.StatusBadRequest, code: "IncompleteBody", what: err.Error()}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := r.Header.Get("X-Amz-Content-Sha256")
	if hash(body) != sum {
		return &refusal{status: http.StatusBadRequest, code: "XAmzContentSHA256Mismatch", what: "the body is not the one that was signed"}
	}
	canonical, err := canonical(r, part["SignedHeaders"], sum)
	if err != nil {
		return &refusal{status: http.StatusBadRequest, code: "InvalidURI", what: err.Error()}
	}
	key := []byte("AWS4" + s.Secret)
	for _, word := range scope[1:] {
		key = mac(key, word)
	}
	want := mac(key, strings.Join([]string{"AWS4-HMAC-SHA256", stamp, strings.Join(scope[1:], "/"), hash([]byte(canonical))}, "\n"))
	if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(want)), []byte(part["Signature"])) != 1 {
		return &refusal{status: http.StatusForbidden, code: "SignatureDoesNotMatch", what: "the signature is wrong", key: scope[0]}
	}
	return nil
}

// canonical is what is signed of a request.
func canonical(r *http.Request, headers, sum string) (string, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", err
	}
	var pairs []string
	for k, values := range query {
		for _, v := range values {
			pairs = append(pairs, escape(k, true)+"="+escape(v, true))
		}
	}
	sort.Strings(pairs)
	var head strings.Builder
	names := strings.Split(headers, ";")
	if !strings.Contains(";"+headers+";", ";host;") {
		return "", fmt.Errorf("host is not signed")
	}
	for _, name := range names {
		value := r.Header.Get(name)
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		head.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	return strings.Join([]string{r.Method, escape(r.URL.Path, false), strings.Join(pairs, "&"), head.String(), headers, sum}, "\n"), nil
}

// escape is how AWS writes a part of an address.
func escape(s string, slash bool) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte("-_.~", c) >= 0, c == '/' && !slash:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func mac(key []byte, words string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(words))
	return h.Sum(nil)
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
