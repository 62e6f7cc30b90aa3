package httpsource_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/common/config"

	"opsdeck/internal/httpsource"
)

// listener is a server that redirects or answers, and keeps what it was told.
type listener struct {
	*httptest.Server
	mu    sync.Mutex
	heard []string
	to    string // where it sends; empty: it answers
}

func newListener(t *testing.T, secure bool) *listener {
	t.Helper()
	l := &listener{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l.mu.Lock()
		l.heard = append(l.heard, r.Method+" "+r.URL.String()+" "+string(body))
		for name, values := range r.Header {
			l.heard = append(l.heard, name+": "+strings.Join(values, " "))
		}
		if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
			l.heard = append(l.heard, "a certificate")
		}
		to := l.to
		l.mu.Unlock()
		if to != "" {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	})
	if l.Server = httptest.NewUnstartedServer(handler); secure {
		l.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
		l.StartTLS()
	} else {
		l.Start()
	}
	t.Cleanup(l.Close)
	return l
}

// sends begins anew with where it sends to.
func (l *listener) sends(to string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard, l.to = nil, to
}

func (l *listener) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.heard, "\n")
}

// logins are the ways of an estate to log in, each with s3cr3t.
func logins(t *testing.T) map[string]config.HTTPClientConfig {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("s3cr3t"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := map[string]config.HTTPClientConfig{}
	for name, set := range map[string]func(*config.HTTPClientConfig){
		"basic_auth": func(c *config.HTTPClientConfig) { c.BasicAuth = &config.BasicAuth{Username: "s3cr3t", Password: "p"} },
		"authorization": func(c *config.HTTPClientConfig) {
			c.Authorization = &config.Authorization{Type: "Bearer", Credentials: "s3cr3t"}
		},
		"a file": func(c *config.HTTPClientConfig) {
			c.Authorization = &config.Authorization{Type: "Bearer", CredentialsFile: file}
		},
		"headers": func(c *config.HTTPClientConfig) {
			c.HTTPHeaders = &config.Headers{Headers: map[string]config.Header{"X-Api-Key": {Secrets: []config.Secret{"s3cr3t"}}, "X-Tenant": {Values: []string{"s3cr3t"}}, "X-File": {Files: []string{file}}}}
		},
	} {
		c := config.DefaultHTTPClientConfig
		c.TLSConfig.InsecureSkipVerify = true
		set(&c)
		all[name] = c
	}
	return all
}

// TestSecretsStayWithSchemeHostAndPort redirects to whatever is not the same.
func TestSecretsStayWithSchemeHostAndPort(t *testing.T) {
	servers := map[bool][2]*listener{false: {newListener(t, false), newListener(t, false)}, true: {newListener(t, true), newListener(t, true)}}
	for name, c := range logins(t) {
		for where, x := range map[string]struct {
			secure [2]bool
			hosts  []string
		}{
			"another port": {[2]bool{false, false}, []string{"127.0.0.1", "localhost", "s3t:u@127.0.0.1", "LOCALHOST"}},
			"without TLS":  {[2]bool{true, false}, []string{"127.0.0.1"}}, "with TLS": {[2]bool{false, true}, []string{"localhost"}},
			"another port by TLS": {[2]bool{true, true}, []string{"127.0.0.1"}},
		} {
			for _, host := range x.hosts {
				first, other := servers[x.secure[0]][0], servers[x.secure[1]][1]
				other.sends("")
				first.sends(strings.Replace(other.URL, "127.0.0.1", host, 1) + "/there")
				cl, base, err := httpsource.New("it", first.URL+"/prefix", "x", c)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := cl.Get(base.JoinPath("api").String())
				if err != nil {
					t.Errorf("%s, %s, %s: %v", name, where, host, err)
					continue
				}
				_ = resp.Body.Close()
				if !strings.Contains(first.said(), "s3cr3t") && !strings.Contains(first.said(), "Basic czNjcjN0") {
					t.Errorf("%s: its own server hears %s", name, first.said())
				}
				if s := other.said(); s == "" || strings.Contains(s, "s3cr3t") || strings.Contains(s, "Authorization") || strings.Contains(s, "Referer") || strings.Contains(s, "X-") {
					t.Errorf("%s, %s, %s: the other one hears %q", name, where, host, s)
				}
			}
		}
	}
}

// TestASubdomainIsAnotherServer asks through a proxy, which takes any name.
func TestASubdomainIsAnotherServer(t *testing.T) {
	for name, c := range logins(t) {
		proxy := newListener(t, false)
		proxy.to = "http://evil.prometheus.example/there"
		u, err := url.Parse(proxy.URL)
		if err != nil {
			t.Fatal(err)
		}
		c.ProxyURL = config.URL{URL: u}
		cl, base, err := httpsource.New("it", "http://prometheus.example", "x", c)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := cl.Get(base.String()); err == nil { // it redirects for ever
			_ = resp.Body.Close()
		}
		own, elsewhere, _ := strings.Cut(proxy.said(), "GET http://evil")
		if elsewhere == "" || strings.Contains(elsewhere, "s3cr3t") || strings.Contains(elsewhere, "Authorization") || own == "" {
			t.Errorf("%s: the subdomain hears %q", name, elsewhere)
		}
	}
}

// TestWhoGivesTokensSendsNobodyOn: the body of a token request holds the client's secret.
func TestWhoGivesTokensSendsNobodyOn(t *testing.T) {
	server, token, other := newListener(t, false), newListener(t, false), newListener(t, false)
	token.to = other.URL + "/token"
	c := config.DefaultHTTPClientConfig
	c.OAuth2 = &config.OAuth2{ClientID: "me", ClientSecret: "s3cr3t", TokenURL: token.URL + "/token"}
	cl, base, err := httpsource.New("it", server.URL, "x", c)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := cl.Get(base.String()); err == nil {
		_ = resp.Body.Close()
		t.Error("without a token there is an answer")
	} else if strings.Contains(err.Error(), "s3cr3t") {
		t.Error(err)
	}
	if token.said() == "" || other.said() != "" {
		t.Errorf("the giver of tokens hears %q, the other %q", token.said(), other.said())
	}
}

// TestACertificateIsShownToItsServerAlone logs in with one.
func TestACertificateIsShownToItsServerAlone(t *testing.T) {
	first, other := newListener(t, true), newListener(t, true)
	dir := t.TempDir()
	pair := first.TLS.Certificates[0] // any will do
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert": {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, "key": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := config.DefaultHTTPClientConfig
	c.TLSConfig = config.TLSConfig{CertFile: filepath.Join(dir, "cert"), KeyFile: filepath.Join(dir, "key"), InsecureSkipVerify: true}
	first.to = other.URL
	cl, base, err := httpsource.New("it", first.URL, "x", c)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := cl.Get(base.String())
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if !strings.Contains(first.said(), "a certificate") || other.said() == "" || strings.Contains(other.said(), "a certificate") {
		t.Errorf("its server: %q, the other: %q", first.said(), other.said())
	}
}
