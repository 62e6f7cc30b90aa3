package house

import (
	"go/ast"
	"strconv"
	"testing"

	"opsdeck/ops"
)

// Lit does not clean what it is given, so what stands in the source has to be clean.
func TestLiteralTextsAreCleanAsTheyStand(t *testing.T) {
	seen := 0
	for _, src := range sources(t) {
		ast.Inspect(src.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 || called(call) != "Lit" {
				return true
			}
			lit, ok := call.Args[0].(*ast.BasicLit)
			if !ok { // a named constant is not seen through here
				t.Errorf("%s: Lit takes the text itself", src.path)
				return true
			}
			seen++
			if s, err := strconv.Unquote(lit.Value); err != nil || ops.Clean(s).String() != s {
				t.Errorf("%s: Lit(%s) is not clean", src.path, lit.Value)
			}
			return true
		})
	}
	if seen == 0 {
		t.Error("no literal text was found at all")
	}
}

// called is the name of the function that a call calls.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}
