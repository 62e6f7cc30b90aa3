package house

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// namedTest is a test as docs/promises.md names it: the folder and the function.
var namedTest = regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)\\w+)`")

func TestEveryPromiseNamesTestsThatExist(t *testing.T) {
	exists := map[string]bool{}
	for _, s := range sources(t) {
		if !s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				exists[filepath.ToSlash(filepath.Dir(s.path))+"."+f.Name.Name] = true
			}
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "promises.md"))
	if err != nil {
		t.Fatal(err)
	}
	proved, open, ok := strings.Cut(string(text), "\n## Not proved by a test\n")
	if !ok || strings.Contains(open, "\n## ") {
		t.Error("what is not proved stands at the end, under its own heading")
	}
	promises := 0
	for _, row := range strings.Split(proved, "\n") {
		if !strings.HasPrefix(row, "| ") || strings.HasPrefix(row, "| promise |") {
			continue
		}
		promises++
		tests := namedTest.FindAllStringSubmatch(row, -1)
		if len(tests) == 0 {
			t.Errorf("no test proves: %s", row)
		}
		for _, m := range tests {
			if name := m[1] + "." + m[2]; !exists[name] {
				t.Errorf("there is no test %s, which is to prove: %s", name, row)
			}
		}
	}
	if promises < 30 {
		t.Errorf("%d promises: the test looks in the wrong place", promises)
	}
}
