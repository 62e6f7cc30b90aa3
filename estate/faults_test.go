package estate_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"opsdeck/estate"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs\ngot:\n%s\nwant:\n%s", name, got, want)
	}
}

// TestFaultMessages loads every estate of testdata/faults and compares what
// Load says with the golden file.
func TestFaultMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%v %v", files, err)
	}
	var b strings.Builder
	for _, file := range files {
		_, err := estate.Load(file, env("PORT", "hunter2", "EMPTY", ""))
		if err == nil {
			t.Errorf("%s has no fault", file)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s tells a value of the environment:\n%v", file, err)
		}
		b.WriteString(strings.ReplaceAll(err.Error(), "testdata/faults/", "") + "\n")
	}
	golden(t, "faults.txt", b.String())
}

func TestFilesThatAreNoEstate(t *testing.T) {
	dir := write(t, map[string]string{
		"empty.yaml": "", "comment.yaml": "# nothing\n", "latin1.yaml": "estate: caf\xe9\n", "nul.yaml": "estate: a\x00b\n",
		"large.yaml": "# " + strings.Repeat("x", 300<<10), "folder/x": "",
		"deep.yaml":   "a: " + strings.Repeat("[", 40_000),
		"dashes.yaml": strings.Repeat("- ", 10_000) + "x",
		"tags.yaml":   "a: " + strings.Repeat("!t ", 10_000),
		"many.yaml":   strings.Repeat("a:\n", 60_000),
		"bomb.yaml": "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n" +
			"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
		"self.yaml":  "estate: &a [*a]\n",
		"two.yaml":   small + "---\n" + small,
		"list.yaml":  "- a\n- b\n",
		"text.yaml":  "hello\n",
		"ring1.yaml": "extends: ring2.yaml\n", "ring2.yaml": "extends: ./ring1.yaml\n",
		"below.yaml":   "extends: nowhere\nestat: x\n",
		"badbase.yaml": "extends: bad.yaml\nestat: x\n", "bad.yaml": "a: [\n",
	})
	if err := os.WriteFile(filepath.Join(dir, "secret.yaml"), []byte(small), 0o000); err != nil {
		t.Fatal(err)
	}
	names := []string{"none.yaml", "folder"}
	files, _ := filepath.Glob(filepath.Join(dir, "*.yaml"))
	for _, f := range files {
		// Who may read everything cannot be refused: root reads mode 000.
		if n := filepath.Base(f); n != "secret.yaml" || os.Geteuid() != 0 {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		_, err := estate.Load(filepath.Join(dir, name), env())
		if err == nil {
			t.Errorf("%s has no fault", name)
			continue
		}
		if name == "secret.yaml" {
			if !strings.Contains(err.Error(), "may not read") {
				t.Error(err)
			}
			continue
		}
		b.WriteString(strings.ReplaceAll(err.Error(), dir+"/", "") + "\n")
	}
	golden(t, "files.txt", b.String())
}

func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"*.yaml", "testdata/faults/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	for _, s := range []string{"a: &a [*a]", "a: !!binary x", "<<: {a: 1}", "? [a]\n: b", "a: |\n  x\n b", "%YAML 9\n---\n", "\ufeffestate: x", "a: ${", "a: 'x", "[]", "{}", "a: \"\\x\"", "*a : b", "&a : b", "-\n-\n", "a:\n- b\n-c", "x: >-\n"} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(dir, "fuzz.yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := estate.Load(path, env("A", "b", "HOME", "/root"))
		if err == nil {
			if file.Estate.Name.Empty() || len(file.Prometheus)+len(file.Docker)+len(file.Alertmanager) == 0 || estate.Hash(file).Empty() {
				t.Errorf("accepted: %+v", file)
			}
			if _, err := estate.Show(path, env("A", "b", "HOME", "/root")); err != nil {
				t.Errorf("accepted by Load, refused by Show: %v", err)
			}
			return
		}
		fs, ok := err.(*estate.Faults)
		if !ok || len(*fs) == 0 || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%T %v", err, err)
		}
	})
}
