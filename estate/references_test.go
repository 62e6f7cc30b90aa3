package estate_test

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"opsdeck/estate"
)

// secretive is an estate that takes ${S} wherever a source takes a reference as one part of a
// value, or as the whole of a secret.
const secretive = `
estate: shop
sources:
  url: {kind: postgres, dsn: "postgres://bob:${S}@db.example:5433/app?sslmode=disable&options=-c%20x", actions: {user: act, password: "${S}"}}
  pairs: {kind: postgres, dsn: "host=db.example port=5433 user=bob password=${S} dbname=app sslmode=disable"}
  quoted: {kind: postgres, dsn: "password='${S}' host=db.example port=5433 user=bob dbname=app sslmode=disable"}
  inside: {kind: postgres, dsn: "host=db.example port=5433 user=bob password='${A}${S}' dbname=app sslmode=disable"}
  query: {kind: postgres, dsn: "postgres://db.example:5433/app?user=bob&password=${S}&sslmode=disable"}
  key: {kind: postgres, dsn: "host=db.example port=5433 user=bob dbname=app sslmode=disable", password: "${S}"}
  p:
    kind: prometheus
    url: "http://prometheus.example:9090/at/${S}/x"
    http_config:
      proxy_url: "http://bob:${S}@proxy.example:3128"
      proxy_connect_header: {X-Proxy: ["${S}"]}
      http_headers: {X-Token: {secrets: ["${S}"]}}
      oauth2: {client_id: me, client_secret: "${S}", token_url: "https://bob:${S}@login.example/token?key=${S}"}
  b: {kind: prometheus, url: "http://h:1", http_config: {basic_auth: {username: bob, password: "${S}"}}}
  a: {kind: alertmanager, url: "http://h:1", http_config: {authorization: {credentials: "${S}"}}}
`

// FuzzAReferenceStaysThePartItStandsFor gives every key that takes a secret any secret: it
// arrives as it is or is refused, the parts around it stay, and nothing tells it.
func FuzzAReferenceStaysThePartItStandsFor(f *testing.F) {
	for _, s := range []string{"plain-s3cr3t", "x@SECRETTAIL", "12/SECRETTAIL", "ab%zz", "a b", "a:b", "?#[]", "it's", `back\slash`, `end\`, `"q"`, "line\nbreak", "tab\tand\r", "' host=evil.example user='x",
		"@evil.example:1/other?host=evil2", "%40%2f", "$HOME ${X}", "µ∆\u2028\u0085\x7f", "\ufeffb", "=a&b=c", "..", "-oProxyCommand=x", " lead and trail ", "'", `\'`} {
		f.Add(s)
	}
	path := filepath.Join(write(f, map[string]string{"e.yaml": secretive}), "e.yaml")
	other, err := estate.Load(path, env("S", "another", "A", "a"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, secret string) {
		if secret == "" || strings.ContainsRune(secret, 0) || !utf8.ValidString(secret) || len(secret) > 200 {
			return // no environment holds the first two
		}
		e := env("S", secret, "A", "a")
		got, err := estate.Load(path, e)
		if err != nil {
			t.Fatalf("%q: %v", secret, err)
		}
		shown, err := estate.Show(path, e)
		if err != nil || strings.Contains(secretive, secret) != strings.Contains(string(shown), secret) && len(secret) > 3 {
			t.Errorf("%q is shown: %v\n%s", secret, err, shown)
		}
		hashed := got
		hashed.Prometheus = slices.Clone(got.Prometheus)
		hashed.Prometheus[0].URL = other.Prometheus[0].URL // an address is no secret to it
		if estate.Hash(hashed) != estate.Hash(other) {
			t.Errorf("%q: the hash tells it", secret)
		}
		for _, p := range got.Postgres {
			cfg, err := pgx.ParseConfig(p.Login.DSN)
			if err != nil {
				t.Fatalf("%q, %s: the DSN cannot be read", secret, p.Name)
			}
			want := map[string]string{"inside": "a" + secret, "key": ""}
			if w, special := want[p.Name]; !special {
				want[p.Name] = secret
			} else if p.Name == "key" && p.Login.Password != secret {
				t.Errorf("%q, %s: %q", secret, p.Name, w)
			}
			if cfg.Password != want[p.Name] || cfg.Host != "db.example" || cfg.Port != 5433 || cfg.User != "bob" || cfg.Database != "app" {
				t.Errorf("%q, %s: password %q, %s@%s:%d/%s", secret, p.Name, cfg.Password, cfg.User, cfg.Host, cfg.Port, cfg.Database)
			}
		}
		throughHTTP(t, secret, got)
	})
}

func throughHTTP(t *testing.T, secret string, got estate.File) {
	for _, p := range got.Prometheus {
		if p.Name == "b" {
			if s := string(p.HTTP.BasicAuth.Password); s != secret {
				t.Errorf("%q: basic_auth has %q", secret, s)
			}
			continue
		}
		base, err := url.Parse(p.URL)
		if err != nil || base.Host != "prometheus.example:9090" || base.Path != "/at/"+secret+"/x" {
			t.Errorf("%q: url is %q: %v", secret, p.URL, err)
		}
		token, err := url.Parse(p.HTTP.OAuth2.TokenURL)
		if err != nil || token.Host != "login.example" || token.Path != "/token" || token.Query().Get("key") != secret {
			t.Fatalf("%q: token_url is %q: %v", secret, p.HTTP.OAuth2.TokenURL, err)
		}
		for where, u := range map[string]*url.URL{"token_url": token, "proxy_url": p.HTTP.ProxyURL.URL} {
			if s, _ := u.User.Password(); s != secret || u.User.Username() != "bob" {
				t.Errorf("%q: %s has %q", secret, where, s)
			}
		}
		if h := p.HTTP.ProxyURL.Host; h != "proxy.example:3128" {
			t.Errorf("%q: the proxy is %q", secret, h)
		}
		for where, s := range map[string]string{"header": string(p.HTTP.HTTPHeaders.Headers["X-Token"].Secrets[0]), "proxy header": string(p.HTTP.ProxyConnectHeader["X-Proxy"][0]), "client_secret": string(p.HTTP.OAuth2.ClientSecret)} {
			if s != secret {
				t.Errorf("%q: %s has %q", secret, where, s)
			}
		}
	}
	if s := string(got.Alertmanager[0].HTTP.Authorization.Credentials); s != secret {
		t.Errorf("%q: credentials are %q", secret, s)
	}
}

// TestWhatAReferenceMayBring: a host its port, a path its levels, a whole value everything.
func TestWhatAReferenceMayBring(t *testing.T) {
	for name, x := range map[string]struct{ url, value, want string }{
		"the whole":            {"${V}", "http://h:1/x", "http://h:1/x"},
		"all before the path":  {"${V}/prom", "http://h:1", "http://h:1/prom"},
		"the scheme":           {"${V}://h:1", "https", "https://h:1"},
		"the host":             {"http://${V}/x", "h", "http://h/x"},
		"host and port":        {"http://${V}", "h:9090", "http://h:9090"},
		"an IPv6 host":         {"http://${V}:1", "[::1]", "http://[::1]:1"},
		"the port":             {"http://h:${V}/x", "9090", "http://h:9090/x"},
		"levels of the path":   {"http://h/${V}", "a/b", "http://h/a/b"},
		"a port that is none":  {"http://h:${V}", "s3cr3t", ""},
		"a user in the host":   {"http://${V}/x", "u:s3cr3t@h", ""},
		"a query in the path":  {"http://h/${V}", "a?s3cr3t", "http://h/a%3Fs3cr3t"},
		"more than one part":   {"${V}@h:1", "http://u:s3cr3t", ""},
		"an @ behind the host": {"${V}", "http://u:1/s3cr3t@h:2", ""},
		"nothing":              {"http://h${V}", "", ""},
		"a default of nothing": {"http://h${V:-}", "", "http://h"},
	} {
		path := filepath.Join(write(t, map[string]string{"e.yaml": "estate: e\nsources: {p: {kind: prometheus, url: \"" + x.url + "\"}}\n"}), "e.yaml")
		f, err := estate.Load(path, env("V", x.value))
		switch {
		case x.want == "" && (err == nil || strings.Contains(err.Error(), "s3cr3t") || !strings.Contains(err.Error(), "sources.p.url")):
			t.Errorf("%s: %v %+v", name, err, f.Prometheus)
		case x.want != "" && (err != nil || f.Prometheus[0].URL != x.want):
			t.Errorf("%s: %v %+v", name, err, f.Prometheus)
		}
	}
}
