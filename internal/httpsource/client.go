// Package httpsource is what the sources that speak HTTP have in common: a client
// made of an estate's settings, errors without addresses, and a server's clock.
package httpsource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"

	"github.com/prometheus/common/config"

	"opsdeck/ops"
)

// New returns a client and the address to ask, without userinfo: a user in it
// serves as basic_auth. What the settings keep secret goes to that address alone. what names the source in errors, and example is a base
// address as it should be; neither error repeats the address, which may hold a
// password.
func New(what, address, example string, c config.HTTPClientConfig) (*http.Client, *url.URL, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, nil, ops.Errorf(ops.CodeInvalid, "the url of %s is not an http address", what).
			Help("write %s or https://host/prefix", example)
	}
	if base.RawQuery != "" || base.Fragment != "" {
		return nil, nil, ops.Errorf(ops.CodeInvalid, "the url of %s holds a query", what).
			Help("give tokens in the http section (authorization, http_headers)")
	}
	if user := base.User; user != nil {
		if c.BasicAuth == nil {
			password, _ := user.Password()
			c.BasicAuth = &config.BasicAuth{Username: user.Username(), Password: config.Secret(password)}
		}
		base.User = nil
	}
	if err := c.Validate(); err != nil {
		return nil, nil, ops.Errorf(ops.CodeInvalid, "http settings of %s: %v", what, err)
	}
	cl, err := newLoyal(base, c)
	if err != nil {
		return nil, nil, ops.Errorf(ops.CodeInvalid, "the http settings of %s cannot be used: %v", what, err).
			Help("correct the file or the value, and start the agent again")
	}
	return cl, base, nil
}

// Cause takes the URL off an error of net/http, and keeps what errors.Is can ask:
// the deadline, or that nobody listens.
func Cause(ctx context.Context, err error) error {
	for {
		u, ok := errors.AsType[*url.Error](err)
		if !ok {
			break
		}
		err = u.Err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if file, ok := errors.AsType[*fs.PathError](err); ok { // not its socket, as one might think
		return ops.Errorf(ops.CodeInvalid, "a file of its http_config cannot be read: %v", file).Help("write it, or correct its name")
	}
	if t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && t.Timeout() {
		return fmt.Errorf("%w (%v)", context.DeadlineExceeded, err)
	}
	return err
}

// Denied is the error of an answer that says who asks may not.
func Denied(what, status string) error {
	return ops.Errorf(ops.CodeDenied, "ask for %s: the server answers %s", what, status).
		Help("check basic_auth or authorization of this source")
}

// Elsewhere is the error of a redirect that is not followed.
func Elsewhere(what, status string) error {
	return ops.Errorf(ops.CodeUnavailable, "ask for %s: the server sends us elsewhere (%s)", what, status).
		Help("give the address it sends to as url, or set follow_redirects")
}
