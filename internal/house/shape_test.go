package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Limits of the house.
const (
	maxFile     = 500
	maxFunction = 80
)

// source is one Go file of the repository, both modules.
type source struct {
	path string
	text []byte
	file *ast.File
	fset *token.FileSet
	test bool
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != root) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		all = append(all, source{rel, text, f, fset, strings.HasSuffix(path, "_test.go")})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("found %d files: the test looks in the wrong place", len(all))
	}
	return all
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if n := strings.Count(string(s.text), "\n"); n > maxFile {
			t.Errorf("%s has %d lines", s.path, n)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			from, to := s.fset.Position(f.Pos()).Line, s.fset.Position(f.End()).Line
			if to-from+1 > maxFunction {
				t.Errorf("%s:%d: %s has %d lines", s.path, from, f.Name.Name, to-from+1)
			}
		}
	}
}

func TestNoInitAndNoPanicInProductCode(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s: func init", s.fset.Position(n.Pos()))
				}
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "panic" && !s.test {
					t.Errorf("%s: panic in product code", s.fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
}

// names finds what an estate calls itself and its containers.
var names = regexp.MustCompile(`(?m)^estate:\s*"?([\w-]+)|^  ([\w-]+):.*port:`)

func TestNoEstateIsNamedInGo(t *testing.T) {
	var words []string
	estates, err := filepath.Glob(filepath.Join("..", "..", "estate", "*.yaml"))
	if err != nil || len(estates) == 0 {
		t.Fatalf("no shipped estates: %v", err)
	}
	const simulated = "../sim/world/estate.yaml"
	for _, path := range append(estates, simulated) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range names.FindAllStringSubmatch(string(text), -1) {
			for _, w := range m[1:] {
				// One-word names of software ("redis") are ordinary words too.
				if strings.Contains(w, "-") {
					words = append(words, w)
				}
			}
		}
		if path != simulated { // its file is called after no system
			words = append(words, strings.TrimSuffix(filepath.Base(path), ".yaml"))
		}
	}
	slices.Sort(words)
	words = slices.Compact(words)
	if len(words) < 10 {
		t.Fatalf("only %v: the estates are not read right", words)
	}
	for _, s := range sources(t) {
		if s.test || strings.HasPrefix(s.path, "lab"+string(filepath.Separator)) || strings.HasPrefix(s.path, filepath.Join("internal", "bench")) {
			continue // the lab is that estate's servers; tests and the bench run against them
		}
		for _, w := range words {
			if regexp.MustCompile(`\b` + regexp.QuoteMeta(w) + `\b`).Match(s.text) {
				t.Errorf("%s names %q: it belongs into the estate", s.path, w)
			}
		}
	}
}
