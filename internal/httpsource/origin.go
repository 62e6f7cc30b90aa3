package httpsource

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"

	"github.com/prometheus/common/config"
)

// loyal keeps what an estate gives one server with its scheme, host and port. Where a
// redirect leads elsewhere, the request goes on without a login, headers or certificate.
type loyal struct {
	base      *url.URL
	own, bare http.RoundTripper
}

// RoundTrip sends a request.
func (l loyal) RoundTrip(req *http.Request) (*http.Response, error) {
	if origin(req.URL) == origin(l.base) {
		return l.own.RoundTrip(req)
	}
	req = req.Clone(req.Context())
	for _, name := range []string{"Authorization", "Cookie", "Referer"} {
		req.Header.Del(name)
	}
	return l.bare.RoundTrip(req)
}

// newLoyal makes the client of one server.
func newLoyal(base *url.URL, c config.HTTPClientConfig) (*http.Client, error) {
	var opts []config.HTTPClientOption
	if c.OAuth2 != nil && !c.ProxyFromEnvironment {
		opts = append(opts, config.WithDialContextFunc(onlyTo(base, c)))
	}
	cl, err := config.NewClientFromConfig(c, "opsdeck", opts...)
	if err != nil {
		return nil, err
	}
	c.BasicAuth, c.Authorization, c.OAuth2, c.HTTPHeaders = nil, nil, nil, nil
	c.TLSConfig.CertFile, c.TLSConfig.KeyFile, c.TLSConfig.Cert, c.TLSConfig.Key = "", "", "", ""
	bare, err := config.NewRoundTripperFromConfig(c, "opsdeck")
	cl.Transport = loyal{base, cl.Transport, bare}
	return cl, err
}

// onlyTo dials the server, its proxy and who gives its tokens, and nobody else: whither the last
// would send us on, the client's secret would go along.
func onlyTo(base *url.URL, c config.HTTPClientConfig) config.DialContextFunc {
	may := []string{hostPort(base)}
	if token, err := url.Parse(c.OAuth2.TokenURL); err == nil {
		may = append(may, hostPort(token))
	}
	for _, proxy := range []*url.URL{c.ProxyURL.URL, c.OAuth2.ProxyURL.URL} {
		if proxy != nil {
			may = append(may, hostPort(proxy))
		}
	}
	var d net.Dialer
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if !slices.Contains(may, address) {
			return nil, fmt.Errorf("sent on to %s, which gets no secret", address)
		}
		return d.DialContext(ctx, network, address)
	}
}

func origin(u *url.URL) string { return u.Scheme + "://" + hostPort(u) }

// hostPort is what is dialled for an address.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
