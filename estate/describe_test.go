package estate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/common/config"

	"opsdeck/estate"
	"opsdeck/ops"
)

func TestTheDescriptionIsWholeAndItsDefaultsAreRight(t *testing.T) {
	if fs := estate.CheckDefaults(); len(fs) > 0 {
		t.Errorf("defaults:\n%v", fs)
	}
	for _, d := range estate.Description() {
		if d.Meaning == "" {
			t.Errorf("%s has no meaning", d.Where)
		}
		if d.Example == "" && !d.Composite && d.Words == nil {
			t.Errorf("%s has no example", d.Where)
		}
		if _, err := regexp.Compile(d.Pattern); err != nil {
			t.Errorf("%s: %v", d.Where, err)
		}
	}
}

func TestTheDomainKnowsEveryWord(t *testing.T) {
	for _, d := range estate.Description() {
		for _, w := range d.Words {
			var err error
			switch {
			case strings.HasSuffix(d.Where, "environment"):
				err = new(ops.Environment).UnmarshalText([]byte(w))
			case strings.HasPrefix(d.Where, "severities"):
				err = new(ops.Rank).UnmarshalText([]byte(w))
			case strings.HasPrefix(d.Where, "access"):
				err = new(ops.Role).UnmarshalText([]byte(w))
			case strings.HasSuffix(d.Where, "duty"):
				err = new(ops.ContainerDuty).UnmarshalText([]byte(w))
			case strings.HasSuffix(d.Where, "driver"):
				err = new(ops.LoadDriver).UnmarshalText([]byte(w))
			case strings.HasSuffix(d.Where, "engine"):
				err = new(ops.BackupEngine).UnmarshalText([]byte(w))
			case strings.HasPrefix(d.Where, "loads") && strings.HasSuffix(d.Where, "kind"):
				err = new(ops.LoadKind).UnmarshalText([]byte(w))
			case strings.HasSuffix(d.Where, "kind"):
				err = new(ops.SourceKind).UnmarshalText([]byte(w))
			case strings.Contains(d.Where, "tls_config"):
				if _, ok := config.TLSVersions[w]; !ok {
					err = fmt.Errorf("not a TLS version")
				}
			default:
				err = fmt.Errorf("nobody checks this word")
			}
			if err != nil {
				t.Errorf("%s: %s: %v", d.Where, w, err)
			}
		}
	}
}

func TestHTTPConfigIsDescribedAsTheLibraryHasIt(t *testing.T) {
	library := map[string]reflect.Type{}
	var walk func(typ reflect.Type, where string)
	walk = func(typ reflect.Type, where string) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
			typ = typ.Elem()
		}
		if where != "" {
			library[where] = typ
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[config.URL]() {
			return
		}
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			switch {
			case options == "inline":
				walk(f.Type, where)
			case name != "":
				walk(f.Type, strings.TrimPrefix(where+"."+name, "."))
			}
		}
	}
	walk(reflect.TypeFor[config.HTTPClientConfig](), "")
	described := estate.HTTPKeys()
	for where, d := range described {
		typ, ok := library[where]
		if !ok {
			t.Errorf("%s is described and the library has no such key", where)
		} else if secret := typ == reflect.TypeFor[config.Secret](); secret != d.Secret {
			t.Errorf("%s: secret in the library is %v, in the description %v", where, secret, d.Secret)
		}
	}
	left := regexp.MustCompile(`_ref$|^bearer_token|^oauth2\.(proxy_|no_proxy|client_certificate|grant_type|signature|iss|audience|claims|endpoint_params)|tls_config\.(ca|cert|key)$`)
	for where := range library {
		if _, ok := described[where]; !ok && !left.MatchString(where) {
			t.Errorf("%s is in the library, neither described nor left out on purpose", where)
		}
	}
}

func TestEveryKeyIsInTheReference(t *testing.T) {
	text := string(estate.Reference())
	keys := estate.DescribedKeys()
	if len(keys) < 60 {
		t.Fatalf("only %d keys", len(keys))
	}
	for _, k := range keys {
		if !strings.Contains(text, "| `"+k+"` |") {
			t.Errorf("%s is missing", k)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "|") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 6 {
			t.Errorf("a row with another number of cells: %s", line)
		}
	}
}

// bySchema returns what the schema says of an estate's text.
func bySchema(t *testing.T) func(text []byte) error {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal(estate.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	return func(text []byte) error {
		var doc any
		if err := yaml.Unmarshal(text, &doc); err != nil {
			return err
		}
		b, err := json.Marshal(doc)
		if err != nil {
			return err
		}
		var plain any
		if err := json.Unmarshal(b, &plain); err != nil {
			return err
		}
		return conforms(schema, schema, plain, "")
	}
}

// sameWord checks that the schema and Load say the same of each text.
func sameWord(t *testing.T, texts map[string]string) {
	t.Helper()
	accepts := bySchema(t)
	for situation, text := range texts {
		path := filepath.Join(write(t, map[string]string{"e.yaml": text}), "e.yaml")
		_, wrong := estate.Load(path, env())
		if by := accepts([]byte(text)); (by == nil) != (wrong == nil) {
			t.Errorf("%s:\nschema: %v\nload: %v", situation, by, wrong)
		}
	}
}

func TestTheSchemaAgreesWithLoad(t *testing.T) {
	accepts := bySchema(t)
	for _, name := range estate.Shipped() {
		text, err := os.ReadFile(name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if err := accepts(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		shown, err := estate.Show(name, env())
		if err != nil {
			t.Fatal(err)
		}
		if err := accepts(shown); err != nil {
			t.Errorf("%s as shown: %v", name, err)
		}
	}
	first := estate.Shipped()[0]
	sameWord(t, map[string]string{
		"small":             small,
		"extends":           "extends: " + first + "\nsources: {prometheus: {every: 5s}}\ncontainers: {grafana: null}\nwatchdog: null\n",
		"references":        small + "containers: {a: {port: \"${PORT:-1}\"}}\nsources2: {}\n",
		"unknown key":       small + "contaners: {}\n",
		"unknown in source": "estate: e\nsources: {d: {kind: docker, url: 'http://h'}}\n",
		"no name":           "sources: {d: {kind: docker}}\n",
		"no sources":        "estate: e\nsources: {}\n",
		"wrong word":        small + "environment: prod\n",
		"wrong rank":        small + "severities: {a: worst}\n",
		"port as text":      small + "sources: {d: {kind: docker}}\ncontainers: {a: {port: '80'}}\n",
		"port too large":    "estate: e\nsources: {d: {kind: docker}}\ncontainers: {a: {port: 80000}}\n",
		"clear secret":      "estate: e\nsources: {p: {kind: prometheus, url: 'http://h', http_config: {basic_auth: {password: x}}}}\n",
		"two in a grant":    small + "access: {grants: [{user: a, group: b, role: admin}]}\n",
		"nobody in a grant": small + "access: {grants: [{role: admin}]}\n",
		"user in the URL":   "estate: e\nsources: {p: {kind: prometheus, url: 'http://u:p@h'}}\n",
		"null in a new one": small + "watchdog: null\n",
		"bad duration":      small + "limits: {mark: long}\n",
		"list for map":      small + "containers: [a]\n",
	})
}

func TestWhatIsShownIsTheSameEstate(t *testing.T) {
	dir := write(t, map[string]string{
		"base.yaml": "estate: shop\nsources:\n  p:\n    kind: prometheus\n    url: ${URL:-http://h:1}\n    http_config: {basic_auth: {username: yes-man, password: \"${PW}\"}, tls_config: {ca_file: ca.pem}}\n  d: {kind: docker, every: 2s}\n",
		"top.yaml":  "extends: base.yaml\nsources: {p: {timeout: 1s}}\nseverities: {\"on\": high, \"a: b\": info, \"#x\": medium}\ncontainers: {web: {port: 80}, \"123\": {}}\nwatchdog: 'true'\naccess: {grants: [{group: 'ana@laptop #1', role: admin}, {user: \"\\\"q\\\"\", role: viewer}]}\n",
	})
	all := filepath.Join(write(t, map[string]string{"e.yaml": big, "books/down.md": "# Down\n"}), "e.yaml")
	for _, path := range append(estate.Shipped(), filepath.Join(dir, "top.yaml"), all) {
		e := env("PW", "hunter2", "URL", "http://secret.internal:9")
		before, err := estate.Load(path, e)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := estate.Show(path, e)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(shown, []byte("hunter2")) || bytes.Contains(shown, []byte("secret.internal")) {
			t.Errorf("a value from the environment is shown:\n%s", shown)
		}
		again := filepath.Join(write(t, map[string]string{"shown.yaml": string(shown)}), "shown.yaml")
		after, err := estate.Load(again, e)
		if err != nil {
			t.Fatalf("%v\n%s", err, shown)
		}
		before.Paths, after.Paths = nil, nil
		if !reflect.DeepEqual(before, after) || estate.Hash(before) != estate.Hash(after) {
			t.Errorf("%+v\n%+v\n%s", before, after, shown)
		}
	}
	shown, err := estate.Show(filepath.Join(dir, "top.yaml"), env("PW", "x"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "show.txt", strings.ReplaceAll(string(shown), dir, "DIR"))
}

func TestAStarterLoadsWhateverWasFound(t *testing.T) {
	docker := func(running ...string) estate.FoundServer {
		return estate.FoundServer{Kind: ops.SourceDocker, Name: "docker", Address: "unix:///var/run/docker.sock", Version: "20.10", Running: running}
	}
	pg := func(name, at, dsn string) estate.FoundServer {
		return estate.FoundServer{Kind: ops.SourcePostgres, Name: name, At: at, Address: dsn}
	}
	for situation, found := range map[string]estate.Found{
		"nothing": {},
		"everything": {Name: "box", Servers: []estate.FoundServer{docker("web", "db"),
			{Kind: ops.SourcePrometheus, Name: "p", Address: "http://127.0.0.1:9090", Version: "2.53"},
			pg("postgres", "127.0.0.1:5432", "postgres://opsdeck@127.0.0.1:5432/postgres"),
			pg("postgres", "/tmp/.s.PGSQL.5433", "host=/tmp port=5433 user=opsdeck dbname=postgres")}},
		"same names": {Name: "box", Servers: []estate.FoundServer{docker("web"), docker("web")}},
		"hostile": {Name: "a\n\x1b[2J: {", Servers: []estate.FoundServer{
			{Kind: ops.SourceDocker, Name: "x: y\n", Address: "tcp://h:1\n", Version: "1\nboom: 1"}, docker("a\nb", "true", "ok", "ok"),
			{Kind: ops.SourcePrometheus, Name: "${X}", Address: "http://u:p@h"},
			pg("a: b", "x\ny: 1", "postgres://h/db"), pg("", "", "postgres://h/db?password=x"), pg("", "", "mysql://h")}},
		"only dockers": {Servers: []estate.FoundServer{docker("1", "null")}},
	} {
		text := string(estate.Starter(found))
		path := filepath.Join(write(t, map[string]string{"e.yaml": text}), "e.yaml")
		f, err := estate.Load(path, env())
		if err != nil {
			t.Errorf("%s:\n%v\n%s", situation, err, text)
			continue
		}
		if situation == "everything" && (len(f.Estate.Expected) != 2 || f.Prometheus[0].URL != "http://127.0.0.1:9090" || f.Estate.Name.String() != "box") {
			t.Errorf("%+v", f)
		}
		if situation == "everything" {
			pg := f.Postgres
			if len(pg) != 2 || pg[0].Name != "postgres" || pg[0].Login.DSN != "postgres://opsdeck@127.0.0.1:5432/postgres" || pg[0].Required || pg[1].Login.DSN != "host=/tmp port=5433 user=opsdeck dbname=postgres" {
				t.Errorf("%+v", pg)
			}
			for _, line := range []string{"GRANT pg_monitor TO opsdeck;", `\password opsdeck`, "# password_file: secrets/opsdeck", "(peer)"} {
				if !strings.Contains(text, line) {
					t.Errorf("it does not say %q:\n%s", line, text)
				}
			}
		}
		if situation == "hostile" && len(f.Postgres) != 1 {
			t.Errorf("%+v", f.Postgres)
		}
		if situation == "same names" && len(f.Docker) != 2 {
			t.Errorf("%+v", f)
		}
	}
}

// The golden files hold what the systems' documents say: read their diffs so.
func TestTheShippedEstatesSayWhatTheirDocumentsSay(t *testing.T) {
	for _, name := range estate.Shipped() {
		shown, err := estate.Show(name, env())
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "shipped_"+name+".txt", string(shown))
	}
}
