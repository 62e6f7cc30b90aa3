package estate_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/ops"
)

func env(pairs ...string) func(string) (string, bool) {
	m := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(name string) (string, bool) { v, ok := m[name]; return v, ok }
}

// write puts files into a directory and returns it.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t *testing.T, text string, pairs ...string) estate.File {
	t.Helper()
	f, err := estate.Load(filepath.Join(write(t, map[string]string{"e.yaml": text}), "e.yaml"), env(pairs...))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const small = "estate: shop\nsources: {prometheus: {kind: prometheus, url: 'http://127.0.0.1:9090'}}\n"

func TestEveryShippedEstateLoadsInAnEmptyEnvironment(t *testing.T) {
	names := estate.Shipped()
	if len(names) != 2 {
		t.Fatalf("shipped: %v", names)
	}
	for _, name := range names {
		f, err := estate.Load(name, env())
		if err != nil {
			t.Errorf("%s:\n%v", name, err)
			continue
		}
		if len(f.Prometheus) == 0 || len(f.Docker) == 0 || len(f.Estate.Expected) == 0 || len(f.Paths) != 1 {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestDefaultsOfASmallEstate(t *testing.T) {
	f := load(t, small)
	want := ops.Limits{StaleAfter: 3, CrashLoop: 3, CrashWindow: 5 * time.Minute, Starting: 5 * time.Minute, Mark: time.Hour, Unacked: 7 * 24 * time.Hour, Unlock: 15 * time.Minute,
		Database: ops.DatabaseLimits{Connections: 85, Blocked: 10 * time.Second, IdleInTx: 2 * time.Minute, Transaction: time.Hour,
			ReplicaLag: time.Minute, SlotRetains: 1 << 30, ArchiveAge: 15 * time.Minute, FreezeAge: 1_000_000_000}}
	if f.Estate.Limits != want {
		t.Errorf("limits: %+v", f.Estate.Limits)
	}
	if f.Estate.Environment != ops.Production || f.Estate.Access.Default != ops.RoleViewer {
		t.Errorf("what says nothing has to be production, read by viewers: %+v", f.Estate)
	}
	if got := f.Estate.RankOf(ops.Lit("high")).Rank; got != ops.RankHigh {
		t.Errorf("rank of high: %v", got)
	}
	p := f.Prometheus[0]
	if p.Every != 10*time.Second || p.Timeout != 3*time.Second || !p.Required || !p.HTTP.FollowRedirects || !p.HTTP.EnableHTTP2 {
		t.Errorf("prometheus: %+v", p)
	}
	if !f.Estate.Watchdog.Empty() || f.Estate.SeverityLabel.String() != "severity" {
		t.Errorf("estate: %+v", f.Estate)
	}
}

func TestEverythingSetArrivesWhereItBelongs(t *testing.T) {
	f := load(t, `
estate: shop
environment: staging
sources:
  p: {kind: prometheus, url: "http://${HOST:-localhost}:9090/prom", every: 1m, timeout: 2500ms, optional: true,
      http_config: {basic_auth: {username: ops, password: "${PW}"}, tls_config: {ca_file: ca.pem, min_version: TLS12}, follow_redirects: false,
                    http_headers: {X-Tenant: {values: [a], secrets: ["${PW}"]}}}}
  near: {kind: docker, cadvisor: {match: {instance: "near:8080"}}}
  far: {kind: docker, host: "tcp://10.0.0.1:2375", every: 2s, tls_config: {ca_file: ca.pem, cert_file: me.pem, key_file: me.key}}
  tunnel: {kind: docker, host: "ssh://ops@10.0.0.2:22"}
severities: {page: critical, ticket: medium}
severity_label: größe
watchdog: Dead man
containers:
  web: {source: far, port: 80}
  db: {source: near}
access: {default: operator, grants: [{user: ana, role: admin}, {group: g, role: operator}]}
limits: {stale_after: 5, crash_loop: 4, crash_window: 10m, mark: 1d, unlock: 1h}
`, "PW", "s3cr3t")
	p := f.Prometheus[0]
	if p.URL != "http://localhost:9090/prom" || p.Every != time.Minute || p.Timeout != 2500*time.Millisecond || p.Required {
		t.Errorf("prometheus: %+v", p)
	}
	if string(p.HTTP.BasicAuth.Password) != "s3cr3t" || p.HTTP.FollowRedirects || !filepath.IsAbs(p.HTTP.TLSConfig.CAFile) || string(p.HTTP.HTTPHeaders.Headers["X-Tenant"].Secrets[0]) != "s3cr3t" {
		t.Errorf("http: %+v", p.HTTP)
	}
	if len(f.Docker) != 3 || f.Docker[1].Host != "tcp://10.0.0.1:2375" || f.Docker[1].Timeout != 2*time.Second {
		t.Errorf("docker, whose timeout is shortened to every: %+v", f.Docker)
	}
	if c := f.Docker[0].Cadvisor; c.Source != "p" || len(c.Match) != 1 || c.Match[0].String() != `instance="near:8080"` || f.Docker[1].Cadvisor.Source != "" {
		t.Errorf("cadvisor: %+v", c)
	}
	if d := f.Docker; d[0].TLS != nil || d[1].TLS == nil || !filepath.IsAbs(d[1].TLS.KeyFile) || d[2].Host != "ssh://ops@10.0.0.2:22" {
		t.Errorf("how docker is reached: %+v", d)
	}
	if e := f.Estate.Expected; len(e) != 2 || e[0].Source.String() != "far" || e[0].Port != 80 || e[1].Port != 0 {
		t.Errorf("expected: %+v", e)
	}
	if f.Estate.RankOf(ops.Lit("ticket")).Rank != ops.RankMedium || f.Estate.RankOf(ops.Lit("critical")).Rank != ops.RankNone {
		t.Errorf("given severities replace the default ones: %+v", f.Estate.Ranks)
	}
	if a := f.Estate.Access; a.Default != ops.RoleOperator || len(a.Grants) != 2 || a.Grants[0].Role != ops.RoleAdmin {
		t.Errorf("access: %+v", a)
	}
	if l := f.Estate.Limits; l.Mark != 24*time.Hour || l.CrashLoop != 4 {
		t.Errorf("limits: %+v", l)
	}
}

func TestExtendsMergesMapsAndReplacesTheRest(t *testing.T) {
	dir := write(t, map[string]string{
		"base/base.yaml": small + "containers: {a: {port: 1}, b: {port: 2}, c: {}}\nwatchdog: Watchdog\naccess: {grants: [{user: u, role: admin}]}\n",
		"mid.yaml":       "extends: base/base.yaml\nsources: {docker: {kind: docker}}\ncontainers: {b: {port: 3}, d: {}}\n",
		"top.yaml":       "extends: mid.yaml\nestate: mine\nsources: {prometheus: {every: 5s}}\ncontainers: {a: null, e: {}}\nwatchdog: null\naccess: {grants: []}\n",
	})
	f, err := estate.Load(filepath.Join(dir, "top.yaml"), env())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range f.Estate.Expected {
		names = append(names, e.Name.String())
	}
	if got := strings.Join(names, " "); got != "b c d e" || f.Estate.Expected[0].Port != 3 {
		t.Errorf("containers: %s %+v", got, f.Estate.Expected)
	}
	if f.Prometheus[0].Every != 5*time.Second || f.Prometheus[0].URL == "" || !f.Estate.Watchdog.Empty() || len(f.Estate.Access.Grants) != 0 {
		t.Errorf("merged: %+v", f)
	}
	if len(f.Paths) != 3 || filepath.Base(f.Paths[0]) != "top.yaml" || filepath.Base(f.Paths[2]) != "base.yaml" {
		t.Errorf("paths: %v", f.Paths)
	}
}

func TestAReferenceThatIsOverriddenIsNotMissed(t *testing.T) {
	dir := write(t, map[string]string{
		"base.yaml": "estate: shop\nsources: {p: {kind: prometheus, url: \"${NOT_SET}\"}}\n",
		"top.yaml":  "extends: base.yaml\nsources: {p: {url: 'http://h:1'}}\n",
	})
	if _, err := estate.Load(filepath.Join(dir, "top.yaml"), env()); err != nil {
		t.Error(err)
	}
}

func TestNoFaultTellsASecret(t *testing.T) {
	const hidden = "hunter2"
	for situation, text := range map[string]string{
		"clear password":              small + "x: 1\naccess: {default: \"${S}\"}\n",
		"in http_config":              "estate: e\nsources: {p: {kind: prometheus, url: 'http://h', http_config: {basic_auth: {password: hunter2}}}}",
		"in the URL":                  "estate: e\nsources: {p: {kind: prometheus, url: 'http://u:hunter2@h'}}",
		"in a URL that is none":       "estate: e\nsources: {p: {kind: prometheus, url: 'http://u:hunter2@ h:x'}}",
		"in the proxy":                "estate: e\nsources: {p: {kind: prometheus, url: 'http://h', http_config: {proxy_url: 'http://u:hunter2@h:1'}}}",
		"in a syntax error":           "estate: e\nsources: {p: {password: hunter2\n",
		"as a port":                   small + "containers: {a: {port: \"${S}\"}}\n",
		"as a source":                 small + "sources: {d: {kind: docker}, e: {kind: docker}}\ncontainers: {a: {source: \"${S}\"}}\n",
		"as a duration":               small + "limits: {mark: \"${S}\"}\n",
		"secret with clear default":   "estate: e\nsources: {p: {kind: prometheus, url: 'http://h', http_config: {authorization: {credentials: \"${Z:-hunter2}\"}}}}",
		"as a name":                   "estate: \"${S} x\"\n",
		"control character in secret": "estate: e\nsources: {p: {kind: prometheus, url: 'http://h', http_config: {basic_auth: {username: u, password: \"${C}\"}, authorization: {}}}}",
	} {
		path := filepath.Join(write(t, map[string]string{"e.yaml": text}), "e.yaml")
		_, err := estate.Load(path, env("S", hidden, "C", hidden+"\x7f"))
		if err == nil {
			t.Errorf("%s: no fault", situation)
		} else if strings.Contains(err.Error(), hidden) {
			t.Errorf("%s: told: %v", situation, err)
		}
	}
}

func TestLoadsErrorIsFaults(t *testing.T) {
	_, err := estate.Load(filepath.Join(t.TempDir(), "none.yaml"), env())
	fs, ok := errors.AsType[*estate.Faults](err)
	if !ok || len(*fs) != 1 {
		t.Fatalf("%T %v", err, err)
	}
}

func TestHashSeesWhatMattersAndNothingElse(t *testing.T) {
	base := small + "containers: {a: {port: 1}, b: {}}\nsources2: x\n"
	base = strings.ReplaceAll(base, "sources2: x\n", "")
	with := func(s string) string { return strings.Replace(base, "}}\n", "}, docker: {kind: docker}}\n", 1) + s }
	one := estate.Hash(load(t, with("")))
	if two := estate.Hash(load(t, strings.Replace(with(""), "{a: {port: 1}, b: {}}", "{b: {}, a: {port: 1}}", 1))); one != two {
		t.Error("the order of entries changes the hash")
	}
	if two := estate.Hash(load(t, strings.Replace(with(""), "port: 1", "port: 2", 1))); one == two {
		t.Error("a port does not change the hash")
	}
	secret := strings.Replace(with(""), "'http://127.0.0.1:9090'", "'http://127.0.0.1:9090', http_config: {proxy_url: \"http://u:${PW}@h:1\", authorization: {credentials: \"${PW}\"}}", 1)
	if estate.Hash(load(t, secret, "PW", "a")) != estate.Hash(load(t, secret, "PW", "b")) {
		t.Error("a secret changes the hash, which is shown")
	}
}

func TestALoadIsGuardedWithoutAWord(t *testing.T) {
	f := load(t, small+"loads: {a: {target: api, allow: ['h:80'], targets: [{url: 'http://h'}], rate: {constant: {rate: 5, for: 1m}}, max_rate: 5, max_duration: 2m}}\n")
	if p := f.Loads[0].Plan; p.Guards.WALGrowth != 8<<30 || p.Guards.DiskFree != 0.05 || p.Recovered != 10 || p.Tolerance != 0.1 || p.Kind != ops.LoadNormal {
		t.Errorf("%+v", p)
	}
}

func TestAKindOfLoadIsWhatItsKeysSay(t *testing.T) {
	f := load(t, small+`loads:
  peak: {kind: peak, concurrent: 4, target: api, allow: ['h:80'], targets: [{url: 'http://h'}], rate: {ramp: {from: 1, to: 5, for: 1m}}, max_rate: 20, max_duration: 2m, limits: {rate: 10}}
  stress: {kind: stress, target: api, allow: ['h:80'], targets: [{url: 'http://h'}], rate: {double: {from: 10, to: 50, for: 10s}}, max_rate: 40, max_duration: 2m, abort_after: 3, limits: {errors: 1%, rate: 20}}
  recovery: {kind: recovery, target: api, allow: ['h:80'], targets: [{url: 'http://h'}], rate: {constant: {rate: 5, for: 5m}}, max_rate: 5, max_duration: 6m, limits: {errors: 1%, recovery: 30s}, fault: {at: 1m, action: container.restart, on: 'container:docker/web'}}
`)
	peak, stress, recovery := f.Loads[0].Plan, f.Loads[1].Plan, f.Loads[2].Plan
	if s := peak.Stages[0]; s.From != 4 || s.To != 20 || peak.Limits[0].Metric != ops.MetricRate {
		t.Errorf("four of 1 to 5 at once: %+v", peak)
	}
	if s := stress.Stages; len(s) != 3 || s[0].To != 10 || s[1].To != 20 || s[2].To != 40 || stress.Limits[0] != (ops.LoadLimit{Metric: ops.MetricHeld, Limit: 20}) || !stress.Limits[1].Abort {
		t.Errorf("10 doubled up to 50: %+v", stress)
	}
	if x := recovery.Fault; x == nil || x.On.String() != "container:docker/web" || x.Action.String() != "container.restart" || x.At != time.Minute {
		t.Errorf("%+v", recovery.Fault)
	}
}

// A console reads its estate before it can show anything: what this takes is part of
// every start.
func BenchmarkLoadAShippedEstate(b *testing.B) {
	for b.Loop() {
		if _, err := estate.Load("ifrs9", env()); err != nil {
			b.Fatal(err)
		}
	}
}

// One that says where its servers are by variables is for any: what it does there is looked
// at when it is done.
func TestAShippedEstateLoadsForOtherServers(t *testing.T) {
	dir := write(t, map[string]string{"e.yaml": `extends: ifrs9
sources:
  postgres: {dsn: "postgres://opsdeck@db.shop:19432/postgres"}
`})
	for name, f := range map[string]func() (estate.File, error){
		"an overlay": func() (estate.File, error) { return estate.Load(filepath.Join(dir, "e.yaml"), env()) },
		"a variable": func() (estate.File, error) {
			return estate.Load("ifrs9", env("OPSDECK_POSTGRES_DSN", "postgres://opsdeck@db.shop:19432/postgres"))
		},
		"another one": func() (estate.File, error) {
			return estate.Load("demod", env("OPSDECK_POSTGRES_DSN", "host=/run/pg user=opsdeck"))
		},
	} {
		if _, err := f(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
