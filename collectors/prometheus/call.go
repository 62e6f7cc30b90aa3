package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

const (
	errorMost = 64 << 10
	getMost   = 4 << 10 // longer parameters go as a form: proxies cut long URLs
)

// answer is the envelope of every API answer, without its data.
type answer struct {
	Status    string   `json:"status"`
	ErrorType string   `json:"errorType"`
	Error     string   `json:"error"`
	Warnings  []string `json:"warnings"`
	Infos     []string `json:"infos"`
}

// notesMost bounds how many warnings of one answer are passed on.
const notesMost = 10

// notes returns what the server warns of: partial data, mostly.
func (a answer) notes() []ops.Text {
	var out []ops.Text
	for _, w := range append(a.Warnings, a.Infos...) {
		if len(out) == notesMost {
			return append(out, ops.Textf("%s", ops.Count(len(a.Warnings)+len(a.Infos)-notesMost, "more warning")))
		}
		out = append(out, ops.Clean(w))
	}
	return out
}

// call asks one endpoint below /api/v1/. data takes the answer's data as it comes.
func (c *Collector) call(ctx context.Context, endpoint string, params url.Values, data func(*httpsource.Stream) error) (answer, error) {
	req, err := c.request(ctx, endpoint, params)
	if err != nil {
		return answer{}, fmt.Errorf("ask for %s: %w", endpoint, err)
	}
	sent := c.cfg.Now()
	resp, err := c.client.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("ask for %s: %w", endpoint, httpsource.Cause(ctx, err))
	}
	defer resp.Body.Close()
	c.noteClock(resp.Header.Get("Date"), sent)
	if resp.StatusCode != http.StatusOK {
		return answer{}, c.refusal(ctx, endpoint, resp)
	}
	in := httpsource.NewStream(resp.Body, httpsource.AnswerMost)
	ans, err := readAnswer(in, data)
	var wrong *json.UnmarshalTypeError
	switch {
	case in.Broken() != nil:
		return answer{}, fmt.Errorf("answer of %s: %w", endpoint, httpsource.Cause(ctx, in.Broken()))
	case errors.As(err, &wrong):
		return answer{}, fmt.Errorf("read %s: %w", endpoint, err)
	case err != nil || ans.Status == "":
		kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		return answer{}, ops.Errorf(ops.CodeUnavailable, "%s answers with %s and not as a Prometheus", c.base, kind).
			Help("check the url: a login page or another program answers there")
	case ans.Status != "success":
		return answer{}, apiError(endpoint, ans)
	}
	return ans, nil
}

// readAnswer reads an envelope and hands its data over.
func readAnswer(in *httpsource.Stream, data func(*httpsource.Stream) error) (answer, error) {
	var ans answer
	fields := map[string]any{"status": &ans.Status, "errorType": &ans.ErrorType, "error": &ans.Error, "warnings": &ans.Warnings, "infos": &ans.Infos}
	err := in.Object(func(name string) error {
		if name == "data" {
			return data(in)
		}
		return in.Field(name, fields)
	})
	return ans, err
}

// request uses GET, which read-only proxies let through, unless the parameters
// are long.
func (c *Collector) request(ctx context.Context, endpoint string, params url.Values) (*http.Request, error) {
	u := c.base.JoinPath("api/v1", endpoint)
	form := params.Encode()
	if len(form) <= getMost {
		u.RawQuery = form
		return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// Not sent, but tells net/http that it may repeat the request where an idle
	// connection was closed under it: a query changes nothing.
	req.Header["Idempotency-Key"] = nil
	return req, nil
}

// refusal makes an error of an answer that is not 200.
func (c *Collector) refusal(ctx context.Context, endpoint string, resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, errorMost))
	if err != nil {
		return fmt.Errorf("read answer of %s: %w", endpoint, httpsource.Cause(ctx, err))
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return httpsource.Denied(endpoint, resp.Status)
	}
	var ans answer
	if json.Unmarshal(body, &ans) == nil && ans.Error != "" {
		return apiError(endpoint, ans)
	}
	switch {
	case resp.StatusCode == http.StatusServiceUnavailable && endpoint != walReplay:
		return c.notReady(ctx, resp.Header)
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return httpsource.Elsewhere(endpoint, resp.Status)
	case resp.StatusCode == http.StatusNotFound:
		return ops.Errorf(ops.CodeNotFound, "the server has no /api/v1/%s", endpoint).
			Help("check the url and its prefix (--web.external-url)")
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	return fmt.Errorf("ask for %s: the server answers %s: %.200s", endpoint, resp.Status, first)
}

// apiError makes an error of the server's own words.
func apiError(endpoint string, ans answer) error {
	code := ops.CodeUnavailable
	if ans.ErrorType == "bad_data" || ans.ErrorType == "execution" {
		code = ops.CodeInvalid
	}
	return ops.Errorf(code, "ask for %s: %s: %s", endpoint, ans.ErrorType, ans.Error)
}

// walReplay is the one endpoint that answers while the server starts.
const walReplay = "status/walreplay"

// notReady says in words why a server answers 503.
func (c *Collector) notReady(ctx context.Context, h http.Header) error {
	if h.Get("X-Prometheus-Stopping") != "" {
		return ops.Errorf(ops.CodeUnavailable, "the server is shutting down")
	}
	r, err := decode[replay](ctx, c, walReplay, nil)
	if err != nil {
		return ops.Errorf(ops.CodeUnavailable, "the server is not ready")
	}
	if r.Current >= r.Max {
		// Nothing left to replay: about to be ready, or on its way out.
		return ops.Errorf(ops.CodeUnavailable, "the server is not ready: it starts or stops")
	}
	return ops.Errorf(ops.CodeUnavailable, "the server is starting: replaying WAL %d/%d", r.Current, r.Max)
}

// replay is how far a starting server is with its write-ahead log.
type replay struct {
	Min     int `json:"min"`
	Max     int `json:"max"`
	Current int `json:"current"`
}

// noteClock compares the server's Date with the middle of the request.
func (c *Collector) noteClock(date string, sent time.Time) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return
	}
	now := c.cfg.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock.Measure(theirs, sent, now)
}
