package house

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"opsdeck/ops"
)

// particular is one of several that do the same: code that names it has to be found again
// with every further one.
type particular struct {
	kind    string          // the type of ops whose constants they are
	words   map[string]bool // what they are called in the estate
	named   *regexp.Regexp  // what they are called in a sentence
	allowed map[string]exception
}

// exception is why a file names some, and what it names, as often as it does.
type exception struct {
	why   string
	names []string
}

// particulars are those that a pane, a report, a judgement and the engine know the general of.
func particulars() map[string]particular {
	return map[string]particular{
		"load driver": {
			kind:  "LoadDriver",
			words: words(func(i uint8) string { return ops.LoadDriver(i).String() }),
			named: regexp.MustCompile(`(?i)\blocust\b`),
		},
		"backup engine": {
			kind:  "BackupEngine",
			words: words(func(i uint8) string { return ops.BackupEngine(i).String() }),
			named: regexp.MustCompile(`(?i)\b(pgbackrest|stanza-\w+|archive-(push|get)[\w-]*|barman|wal-g|pg_(basebackup|receivewal|verifybackup|combinebackup|dump|dumpall|restore))\b`),
			allowed: map[string]exception{
				"engine/replicas.go": {"a receiver of WAL calls itself so while PostgreSQL copies a whole server, whoever asked for that", []string{"pg_basebackup"}},
			},
		},
	}
}

// words are what the values of a kind are called, but for the unknown one.
func words(name func(uint8) string) map[string]bool {
	all := map[string]bool{}
	for i := uint8(1); name(i) != name(0); i++ {
		all[name(i)] = true
	}
	return all
}

// What only estate, collectors, drivers and cmd know can be had once more without touching a
// pane, a report, a judgement or the engine.
func TestNobodyWhoShowsOrJudgesNamesALoadDriverOrABackupEngine(t *testing.T) {
	files := sources(t)
	for what, p := range particulars() {
		constants := constantsOf(files, p.kind)
		if len(constants) != len(p.words) || len(p.words) < 2 {
			t.Fatalf("a %s is one of %v, called %v: the test looks in the wrong place", what, constants, p.words)
		}
		looked, may := 0, map[string][]string{}
		for path, e := range p.allowed {
			may[path] = slices.Clone(e.names)
		}
		for _, src := range files {
			path := filepath.ToSlash(src.path)
			if room, _, _ := strings.Cut(path, "/"); src.test || !slices.Contains([]string{"report", "tui", "judge", "engine"}, room) {
				continue
			}
			looked++
			ast.Inspect(src.file, func(n ast.Node) bool {
				for _, name := range p.in(n, constants) {
					if i := slices.Index(may[path], name); i >= 0 {
						may[path] = slices.Delete(may[path], i, i+1)
						continue
					}
					t.Errorf("%s: %s names one %s: let ops say what it can, or the one who made it say its words", src.fset.Position(n.Pos()), name, what)
				}
				return true
			})
		}
		if looked < 100 {
			t.Errorf("%d files were looked at", looked)
		}
		for path, left := range may {
			if len(left) > 0 {
				t.Errorf("%s does not name %v any more: take it from what is allowed (%s)", path, left, p.allowed[path].why)
			}
		}
	}
}

// in are the names of particular ones that a node is or has in its text.
func (p particular) in(n ast.Node, constants []string) []string {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		// The kind of source that an engine is read by is called like the engine.
		like := "Engine" + strings.TrimPrefix(n.Sel.Name, "Source")
		if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "ops" && (slices.Contains(constants, n.Sel.Name) || slices.Contains(constants, like)) {
			return []string{"ops." + n.Sel.Name}
		}
	case *ast.BasicLit:
		text, err := strconv.Unquote(n.Value)
		if n.Kind != token.STRING || err != nil {
			return nil
		}
		if p.words[text] {
			return []string{text}
		}
		return p.named.FindAllString(text, -1)
	}
	return nil
}

// constantsOf are the names of the values of a kind of ops, but for the unknown one.
func constantsOf(files []source, kind string) (names []string) {
	for _, src := range files {
		if filepath.Dir(src.path) != "ops" || src.test {
			continue
		}
		for _, d := range src.file.Decls {
			block, ok := d.(*ast.GenDecl)
			if !ok || block.Tok != token.CONST {
				continue
			}
			if first, ok := block.Specs[0].(*ast.ValueSpec).Type.(*ast.Ident); !ok || first.Name != kind {
				continue
			}
			for _, spec := range block.Specs[1:] { // what is unknown is the first
				names = append(names, spec.(*ast.ValueSpec).Names[0].Name)
			}
		}
	}
	return names
}
