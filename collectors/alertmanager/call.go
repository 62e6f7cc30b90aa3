package alertmanager

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strings"
	"sync/atomic"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// Bounds of an answer that is held whole.
const (
	bodyMost  = 1 << 20
	errorMost = 64 << 10
)

// call is one request below /api/v2/.
type call struct {
	method string
	path   string // "alerts", "silence/ID"
	body   []byte
	// read takes the answer of a 200 as it comes; nil: it is held whole.
	read func(*httpsource.Stream) error
}

// silenceID is what a silence's id may be: a UUID, but older servers need not agree.
var silenceID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// reply is what came of a call.
type reply struct {
	status int
	body   []byte
	kind   string // media type
	// sent is true where the request, or part of it, left this process: without
	// an answer it may have taken effect.
	sent bool
}

// ask makes a call that reads. Any answer but a 200 is an error.
func (p *peer) ask(ctx context.Context, path string, read func(*httpsource.Stream) error) (reply, error) {
	r, err := p.do(ctx, call{method: http.MethodGet, path: path, read: read})
	if err != nil {
		return r, err
	}
	if r.status != http.StatusOK {
		return r, p.refusal(path, r)
	}
	return r, nil
}

// do makes a call. Its error means that no whole answer came; any status is an
// answer.
func (p *peer) do(ctx context.Context, c call) (reply, error) {
	if id, one := strings.CutPrefix(c.path, "silence/"); one && !silenceID.MatchString(id) {
		return reply{}, ops.Errorf(ops.CodeNotFound, "no silence can have the id %q", id).Help("ids are letters, digits and dashes: another one would be another path")
	}
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// Without error it left whole; with one, part of it may have.
		WroteRequest: func(httptrace.WroteRequestInfo) { sent.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, c.method, p.base.JoinPath("api/v2", c.path).String(), bytes.NewReader(c.body))
	if err != nil {
		return reply{}, fmt.Errorf("ask for %s: %w", c.path, httpsource.Cause(ctx, err))
	}
	client := p.client
	if c.method != http.MethodGet {
		req.Header.Set("Content-Type", "application/json")
		// A redirect would make the call a second time, somewhere else.
		once := *p.client
		once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		client = &once
	}
	at := p.now()
	resp, err := client.Do(req)
	if err != nil {
		return reply{sent: sent.Load()}, fmt.Errorf("ask for %s: %w", c.path, httpsource.Cause(ctx, err))
	}
	defer resp.Body.Close()
	if theirs, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		p.noteClock(func(o *httpsource.Clock) { o.Measure(theirs, at, p.now()) })
	}
	r := reply{status: resp.StatusCode, sent: true}
	r.kind, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if r.status == http.StatusOK && c.read != nil {
		return r, p.stream(ctx, c, r.kind, resp.Body)
	}
	most := int64(bodyMost)
	if r.status != http.StatusOK {
		most = errorMost
	}
	if r.body, err = io.ReadAll(io.LimitReader(resp.Body, most+1)); err != nil {
		return reply{sent: true}, fmt.Errorf("read answer of %s: %w", c.path, httpsource.Cause(ctx, err))
	}
	if int64(len(r.body)) > most && r.status == http.StatusOK {
		return reply{sent: true}, fmt.Errorf("answer of %s: larger than %d MiB", c.path, most>>20)
	}
	return r, nil
}

// stream reads an answer as it comes.
func (p *peer) stream(ctx context.Context, c call, kind string, body io.Reader) error {
	in := httpsource.NewStream(body, p.most)
	err := c.read(in)
	switch {
	case in.Broken() != nil:
		return fmt.Errorf("answer of %s: %w", c.path, httpsource.Cause(ctx, in.Broken()))
	case err != nil:
		return ops.Errorf(ops.CodeUnavailable, "%s answers with %s and not as an Alertmanager", p.base, kind).
			Help("check the url: a login page or another program answers there")
	}
	return nil
}

func (p *peer) noteClock(change func(*httpsource.Clock)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.clock)
}

// refusal makes an error of an answer that is not 200.
func (p *peer) refusal(path string, r reply) error {
	status := fmt.Sprintf("%d %s", r.status, http.StatusText(r.status))
	switch {
	case r.status == http.StatusUnauthorized || r.status == http.StatusForbidden:
		return httpsource.Denied(path, status)
	case r.status >= 300 && r.status < 400:
		return httpsource.Elsewhere(path, status)
	case r.status == http.StatusNotFound && !strings.HasPrefix(path, "silence/"):
		return ops.Errorf(ops.CodeNotFound, "the server has no /api/v2/%s", path).
			Help("check the url and its prefix (--web.external-url); Alertmanager before 0.16 is too old")
	}
	words := r.words()
	if words == "" {
		return ops.Errorf(codeOf(r.status), "ask for %s: the server answers %s", path, status)
	}
	return ops.Errorf(codeOf(r.status), "ask for %s: %s", path, words)
}

// codeOf tells an error of the caller from one of the server.
func codeOf(status int) ops.Code {
	switch {
	case status == http.StatusNotFound:
		return ops.CodeNotFound
	case status >= 400 && status < 500 && status != http.StatusTooManyRequests:
		return ops.CodeInvalid
	}
	return ops.CodeUnavailable
}

// words reads what an error says. It has three shapes: a JSON string, an object
// with a message, and nothing; a proxy in between sends a page of its own.
func (r reply) words() string {
	var s string
	if json.Unmarshal(r.body, &s) == nil {
		return s
	}
	var o struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(r.body, &o) == nil && o.Message != "" {
		return o.Message
	}
	if r.kind == "text/html" {
		return fmt.Sprintf("%d %s, a page of something in between", r.status, http.StatusText(r.status))
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(r.body)), "\n")
	return fmt.Sprintf("%.200s", first)
}
