package house

import (
	"go/ast"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shown are what a plan is shown by: words for a reader, made of the data that
// runs. Whoever takes them apart runs what a label, a name or a comment says.
var shown = []string{"Title", "Note", "Notes", "Replaces", "Warnings", "Change"}

// parsers are packages whose functions take text apart. What of them only puts
// words together is in joiners.
var (
	parsers = []string{"strings", "bytes", "regexp", "json", "strconv", "url", "path", "filepath"}
	joiners = []string{"Join", "Repeat", "ToUpper", "Quote", "QueryEscape", "Marshal"}
)

func TestNoShownTextIsTakenApart(t *testing.T) {
	actions := 0
	for _, s := range sources(t) {
		if s.test || !runsPlans(s.path) {
			continue
		}
		actions++
		for _, at := range takesApart(s.file) {
			t.Errorf("%s: a plan's text for readers is taken apart: use the fields of its steps", s.fset.Position(at.Pos()))
		}
	}
	if actions < 20 {
		t.Errorf("only %d files: the test looks in the wrong place", actions)
	}
}

// runsPlans reports whether a file may run what a plan says.
func runsPlans(path string) bool {
	return strings.HasPrefix(path, "actions"+string(filepath.Separator)) || path == filepath.Join("tui", "handover.go")
}

// takesApart finds parsing of shown text: where it stands in a call that parses,
// where it is kept in a variable, which could be parsed anywhere, and regular
// expressions' methods.
func takesApart(f *ast.File) (found []ast.Node) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if parses(n) && slices.ContainsFunc(n.Args, mentionsShown) {
				found = append(found, n)
			}
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				_, variable := l.(*ast.Ident)
				if variable && i < len(n.Rhs) && isString(n.Rhs[i]) {
					found = append(found, n)
				}
			}
		}
		return true
	})
	return found
}

func parses(call *ast.CallExpr) bool {
	name := called(call)
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || slices.Contains(joiners, name) {
		return false
	}
	if x, ok := sel.X.(*ast.Ident); ok && slices.Contains(parsers, x.Name) {
		return true
	}
	return strings.HasPrefix(name, "Find") || strings.HasPrefix(name, "Match") || strings.HasPrefix(name, "Replace") || strings.HasPrefix(name, "Sscan")
}

func mentionsShown(e ast.Expr) bool {
	hit := false
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok {
			hit = hit || isShown(x)
		}
		return !hit
	})
	return hit
}

// isString reports whether an expression is the string of shown text. A Text may be
// handed on to be shown.
func isString(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	return ok && called(call) == "String" && isShown(e)
}

// isShown reports whether an expression is shown text itself: p.Title, s.Text(),
// or the string of one.
func isShown(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return slices.Contains(shown, e.Sel.Name)
	case *ast.CallExpr:
		sel, ok := e.Fun.(*ast.SelectorExpr)
		return ok && len(e.Args) == 0 && (sel.Sel.Name == "Text" || sel.Sel.Name == "String" && isShown(sel.X))
	case *ast.IndexExpr:
		return isShown(e.X)
	}
	return false
}
