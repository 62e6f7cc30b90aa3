// Package proxy is the console's way to Prometheus and Alertmanager: it passes
// everything through, until a fault asks it to delay, cut, freeze or shift the
// clock. The servers themselves talk past it.
package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"opsdeck/lab/internal/layout"
)

// The ways there are.
const (
	Prometheus   = "prometheus"
	Alertmanager = "alertmanager"
)

// frozenLook is how often a frozen request looks whether it may go on.
const frozenLook = 100 * time.Millisecond

// errCut marks an answer that a fault wants lost.
var errCut = errors.New("answer cut by a fault")

// Way leads from one port to one server.
type Way struct {
	Name string // names its control file
	From int
	To   int
	Lab  layout.Layout
}

// Handler passes requests on as the control file says. The file is read for
// each request: that costs microseconds, and nothing while nobody asks.
func (w Way) Handler() (http.Handler, error) {
	to, err := url.Parse(layout.URL(w.To))
	if err != nil {
		return nil, err
	}
	through := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
		},
		// No proxy of the environment, and compression stays between the two ends.
		Transport:      &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute},
		FlushInterval:  -1,
		ModifyResponse: w.alter,
		// A server that dies gives its clients a closed connection, never an
		// answer of somebody else.
		ErrorHandler: func(out http.ResponseWriter, _ *http.Request, _ error) { hangUp(out) },
	}
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if w.hold(r.Context(), r.URL.Path) != nil {
			return // the client has left
		}
		through.ServeHTTP(out, r)
	}), nil
}

// hold keeps a request for as long as the control file asks.
func (w Way) hold(ctx context.Context, path string) error {
	if err := pause(ctx, Read(w.Lab, w.Name).delay(path)); err != nil {
		return err
	}
	for Read(w.Lab, w.Name).Freeze {
		if err := pause(ctx, frozenLook); err != nil {
			return err
		}
	}
	return nil
}

// alter changes an answer that the server has given: by now the server has
// done what the request asked.
func (w Way) alter(resp *http.Response) error {
	if resp.Request.Method == http.MethodPost && resp.StatusCode == http.StatusOK && claimCut(w.Lab, w.Name, resp.Request.URL.Path) {
		return errCut
	}
	shift := Read(w.Lab, w.Name).DateShiftSeconds
	if shift == 0 {
		return nil
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		resp.Header.Set("Date", date.Add(time.Duration(shift)*time.Second).UTC().Format(http.TimeFormat))
	}
	return nil
}

// hangUp closes the client's connection without a word.
func hangUp(out http.ResponseWriter) {
	conn, _, err := http.NewResponseController(out).Hijack()
	if err != nil {
		return // it is closed already
	}
	_ = conn.Close()
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
