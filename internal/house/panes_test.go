package house

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"testing"
)

// A pane is one row of one table. Whoever names a pane elsewhere would have to be
// found again with every further one.
func TestPanesComeFromTheTableOnly(t *testing.T) {
	rows, listed := map[string]token.Position{}, map[string]bool{}
	for _, src := range sources(t) {
		if src.test || filepath.Dir(src.path) != "tui" {
			continue
		}
		ast.Inspect(src.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && returnsPane(n) {
					rows[n.Name.Name] = src.fset.Position(n.Pos())
				}
				if n.Name.Name == "panes" && n.Recv == nil {
					ast.Inspect(n, func(n ast.Node) bool {
						if call, ok := n.(*ast.CallExpr); ok {
							listed[called(call)] = true
						}
						return true
					})
				}
			case *ast.GenDecl:
				if n.Tok == token.CONST && mentions(n, "Pane") {
					t.Errorf("%s: a constant names a pane", src.fset.Position(n.Pos()))
				}
			case *ast.IndexExpr:
				if _, literal := n.Index.(*ast.BasicLit); literal && called(&ast.CallExpr{Fun: n.X}) == "panes" {
					t.Errorf("%s: one pane is asked for by its digit", src.fset.Position(n.Pos()))
				}
			case *ast.TypeAssertExpr:
				if _, concrete := n.Type.(*ast.StarExpr); concrete && mentions(n.X, "panes") {
					t.Errorf("%s: one pane is asked for by its type: let it say what it can by an interface", src.fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
	if len(listed) < 5 {
		t.Fatalf("the table lists %v: the test looks in the wrong place", listed)
	}
	for name, at := range rows {
		if !listed[name] {
			t.Errorf("%s: %s is not in the table of panes", at, name)
		}
	}
}

// returnsPane reports whether a function makes a row of the table.
func returnsPane(f *ast.FuncDecl) bool {
	if f.Type.Results == nil || len(f.Type.Results.List) != 1 {
		return false
	}
	id, ok := f.Type.Results.List[0].Type.(*ast.Ident)
	return ok && id.Name == "pane"
}

// mentions reports whether a name occurs below a node.
func mentions(n ast.Node, name string) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == name
		return true
	})
	return found
}
