package house

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// paints says which names of report each belong to which of its files alone: levels
// are turned into tones and words in one place, and judged nowhere but in judge. A
// log line is painted by what it calls itself.
var paints = map[string][]string{
	"Level":        {"tone.go"},
	"ToneOK":       {"tone.go"},
	"ToneWarning":  {"tone.go", "logtext.go"},
	"ToneCritical": {"tone.go", "logtext.go"},
}

func TestReportsJudgeNothing(t *testing.T) {
	found := map[string]bool{}
	for _, src := range sources(t) {
		if src.test || filepath.Dir(src.path) != "report" {
			continue
		}
		ast.Inspect(src.file, func(n ast.Node) bool {
			name := ""
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "ops" && strings.HasPrefix(n.Sel.Name, "Level") && n.Sel.Name != "Level" {
					name = "Level"
				}
			case *ast.Ident:
				name = n.Name
			}
			if files, guarded := paints[name]; guarded && name != "" {
				found[name] = true
				if _, level := n.(*ast.SelectorExpr); (name != "Level" || level) && !slices.Contains(files, filepath.Base(src.path)) {
					t.Errorf("%s: %s is chosen here; judge fills in a level, %v maps it", src.fset.Position(n.Pos()), name, files)
				}
			}
			return true
		})
	}
	if len(found) != len(paints) {
		t.Errorf("only %v were found: the test looks in the wrong place", found)
	}
}

// worded are the fields that are sentences for people.
var worded = []string{"What", "Cause", "Next", "Word", "Why", "Detail", "Result", "Title"}

// A sentence that is read back breaks when somebody words it better, and nothing
// tells.
func TestNoSentenceForPeopleIsReadBack(t *testing.T) {
	calls := 0
	for _, src := range sources(t) {
		if dir := filepath.Dir(src.path); src.test || !slices.Contains([]string{"judge", "report", "agent", "store"}, dir) {
			continue
		}
		ast.Inspect(src.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !slices.Contains([]string{"Contains", "HasPrefix", "HasSuffix", "Index", "Cut", "MatchString", "FindString", "Fields", "Split", "SplitN"}, called(call)) {
				return true
			}
			calls++
			for _, arg := range call.Args {
				if field := sentence(arg); field != "" {
					t.Errorf("%s: %s reads the words of %s", src.fset.Position(n.Pos()), called(call), field)
				}
			}
			return true
		})
	}
	if calls < 10 {
		t.Errorf("only %d calls were looked at", calls)
	}
}

// sentence names the worded field that an expression is the text of.
func sentence(e ast.Expr) string {
	call, ok := e.(*ast.CallExpr)
	if !ok || called(call) != "String" {
		return ""
	}
	text, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if field, ok := text.X.(*ast.SelectorExpr); ok && slices.Contains(worded, field.Sel.Name) {
		return field.Sel.Name
	}
	return ""
}

// keyed is a key named in a sentence: "unlock it (U)".
var keyed = regexp.MustCompile(`[a-z] \((?:[A-Za-z]|enter|esc|tab|space)[,)]`)

// Keys are the console's and its user's: they can be remapped, and the same words
// go to monitoring systems and into files.
func TestWhoeverHasNoKeyboardNamesNoKey(t *testing.T) {
	seen := 0
	for _, src := range sources(t) {
		if room, _, _ := strings.Cut(src.path, string(filepath.Separator)); src.test || !slices.Contains([]string{"judge", "engine", "collectors", "actions", "report", "store", "agent"}, room) {
			continue
		}
		ast.Inspect(src.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				seen++
				if key := keyed.FindString(lit.Value); key != "" {
					t.Errorf("%s: %s names a key: %q", src.fset.Position(n.Pos()), lit.Value, key)
				}
			}
			return true
		})
	}
	if seen < 500 || !keyed.MatchString("unlock this console first (U)") || !keyed.MatchString("end them (x, end idle)") {
		t.Errorf("%d literals: the test cannot fail", seen)
	}
}
