package load

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"opsdeck/ops"
)

// bodies makes a folder with a body in it, and around it what is not to be read.
func bodies(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "bodies")
	for path, text := range map[string]string{filepath.Join(dir, "sub", "loan.json"): `{"id":1}`, filepath.Join(dir, "..", "secret"): "secret"} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"out": "../secret", "absolute": filepath.Join(dir, "..", "secret"), "up": ".."} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTargetsAreReadAsVegetaReadsThem(t *testing.T) {
	dir := bodies(t)
	got, err := ParseTargets(`# the service
GET http://127.0.0.1:8000/health

  # with headers, twice the same, and in the middle a comment
POST https://127.0.0.1/loans?x=1
Content-Type: application/json
# why
X-Tag: a:b
X-Tag: c
x-raw: kept as it is
@sub/loan.json
GET http://127.0.0.1:8000/a
GET http://127.0.0.1:8000/b
PUT  http://127.0.0.1:8000/c
@`+filepath.Join(dir, "sub", "loan.json")+"\r\n\r\n", dir)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, g := range got {
		lines = append(lines, fmt.Sprint(g.Method, " ", g.URL, " ", g.Header, " ", string(g.Body)))
	}
	want := []string{
		`GET http://127.0.0.1:8000/health map[] `,
		`POST https://127.0.0.1/loans?x=1 map[Content-Type:[application/json] X-Tag:[a:b c] x-raw:[kept as it is]] {"id":1}`,
		`GET http://127.0.0.1:8000/a map[] `,
		`GET http://127.0.0.1:8000/b map[] `,
		`PUT http://127.0.0.1:8000/c map[] {"id":1}`,
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestTargetsThatAreNoneAreSaidWithTheirLine(t *testing.T) {
	dir := bodies(t)
	for name, c := range map[string]struct{ text, folder, why string }{
		"nothing":                    {"# only words\n", dir, "no target"},
		"no URL":                     {"GET", dir, "line 1: a target begins"},
		"a method in small letters":  {"get http://h/", dir, "line 1"},
		"CONNECT":                    {"CONNECT http://h/", dir, "line 1: this is no method"},
		"a path without a host":      {"\nGET /health", dir, "line 2: the URL"},
		"another scheme":             {"GET file:///etc/passwd", dir, "the URL"},
		"a password in the URL":      {"GET http://u:hunter2@h/", dir, "holds a user"},
		"a host in other letters":    {"GET http://bücher.example/", dir, "xn--"},
		"a header without a colon":   {"GET http://h/\nX-Tag", dir, "line 2: this is no header"},
		"a header with a space":      {"GET http://h/\nx tag: a", dir, "line 2: this is no header"},
		"a header without a value":   {"GET http://h/\nX:", dir, "line 2: this is no header"},
		"an escape in a header":      {"GET http://h/\nX: a\x1b[2J", dir, "line 2: this is no header"},
		"a header after the body":    {"GET http://h/\n@sub/loan.json\nX: a", dir, "line 3: a target begins"},
		"a body before any target":   {"@sub/loan.json", dir, "line 1: a target begins"},
		"a body, and no folder":      {"GET http://h/\n@sub/loan.json", "", "no folder"},
		"a body that is not there":   {"GET http://h/\n@none", dir, "line 2: the body cannot be read"},
		"a body above the folder":    {"GET http://h/\n@../secret", dir, "line 2: the body cannot be read"},
		"an absolute one elsewhere":  {"GET http://h/\n@/etc/passwd", dir, "line 2: the body cannot be read"},
		"a link out of the folder":   {"GET http://h/\n@out", dir, "line 2: the body cannot be read"},
		"an absolute link out of it": {"GET http://h/\n@absolute", dir, "line 2: the body cannot be read"},
		"through a folder's link":    {"GET http://h/\n@up/secret", dir, "line 2: the body cannot be read"},
		"a pipe":                     {"GET http://h/\n@pipe", dir, "line 2: the body is no plain file"},
		"a folder":                   {"GET http://h/\n@sub", dir, "line 2: the body is no plain file"},
		"more than can be meant":     {strings.Repeat("GET http://h/\n", mostTargets+1), dir, "more than 10000"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseTargets(c.text, c.folder)
			if ops.CodeOf(err) != ops.CodeInvalid || !strings.Contains(err.Error(), c.why) || got != nil {
				t.Errorf("%v; want %q", err, c.why)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a password is told: %v", err)
			}
		})
	}
}

func TestBodiesHaveABoundTogether(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "b"), make([]byte, mostBodies/2+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseTargets("PUT http://h/\n@b", dir); err != nil {
		t.Error(err)
	}
	if _, err := ParseTargets("PUT http://h/\n@b\nPUT http://h/\n@b", dir); ops.CodeOf(err) != ops.CodeInvalid {
		t.Error(err)
	}
}

// Whatever a file holds, what comes of it may be sent: nothing in it reads a file
// outside the folder, or becomes a second header.
func FuzzTargets(f *testing.F) {
	f.Add("GET http://h/\nA: b\n@sub/loan.json\n\n# x\nPOST https://h:1/\n")
	f.Add("GET http://h/\n@../secret")
	f.Add("GET http://h\r\nX: y\r\n\x00")
	f.Add("GET http://[::1%25lo]:80/?a=b#c\n:x\n@")
	dir := filepath.Join(f.TempDir(), "bodies")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "..", "secret"), []byte("secret"), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ParseTargets(text, dir)
		if (err == nil) == (len(all) == 0) {
			t.Fatalf("%d targets, %v", len(all), err)
		}
		for _, target := range all {
			if len(target.Body) > 0 {
				t.Errorf("a body of %q", target.Body)
			}
			u, err := target.parse()
			if err != nil {
				t.Fatal(err)
			}
			o := order(constant(1, 1e9))
			o.Targets, o.Allow = []Target{target}, []string{HostPort(u)}
			if err := o.Check(); err != nil {
				t.Errorf("%q cannot be sent: %v", text, err)
			}
			o.Allow = []string{"another:80"}
			if err := o.Check(); ops.CodeOf(err) != ops.CodeDenied {
				t.Errorf("%q may be sent anywhere: %v", text, err)
			}
		}
	})
}
