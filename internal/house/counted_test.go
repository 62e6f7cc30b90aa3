package house

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// plural is a number that is formatted, and the word behind it that is a plural of more than one.
var plural = regexp.MustCompile(`%[0-9]*d ((?:[a-z]+ )?[a-z]+s|series)\b`)

// verb is every verb of a format, or a percent sign.
var verb = regexp.MustCompile(`%[-+# 0]*[0-9.*]*(?:\[[0-9]+\])?[a-zA-Z%]`)

// singular are words behind a number that end with s and name no more than one: verbs, of what has a
// number for its name.
func singular() []string {
	return strings.Fields(`has is was goes follows stands names makes holds waits runs begins needs does ends says gives works matches its less already as this bytes`)
}

// TestWhatIsCountedMayBeOne wants what is counted to be written by ops.Count, which knows one of it: "1 loans"
// was on screens. A figure that the source fixes, which no run can make one, is let be.
func TestWhatIsCountedMayBeOne(t *testing.T) {
	all := sources(t)
	fixed := map[string]bool{}
	for _, src := range all {
		for _, decl := range src.file.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok || d.Tok != token.CONST {
				continue
			}
			for _, spec := range d.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					fixed[name.Name] = true
				}
			}
		}
	}
	for _, src := range all {
		if src.test || strings.HasPrefix(src.path, "lab/") || strings.HasPrefix(src.path, "internal/") { // no user reads of these
			continue
		}
		ast.Inspect(src.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for i, arg := range call.Args {
				lit, ok := arg.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					continue
				}
				format, err := strconv.Unquote(lit.Value)
				if err != nil {
					continue
				}
				for _, at := range plural.FindAllStringSubmatchIndex(format, -1) {
					if strings.HasPrefix(format, "SELECT ") || strings.HasSuffix(format[:at[0]], "/") { // SQL, or 2/3
						continue
					}
					words := strings.Fields(format[at[2]:at[3]])
					if slices.Contains(singular(), words[0]) || slices.Contains(singular(), words[len(words)-1]) {
						continue
					}
					counted := i + 1
					for _, v := range verb.FindAllString(format[:at[0]], -1) {
						if v != "%%" {
							counted++
						}
					}
					if counted < len(call.Args) && constant(call.Args[counted], fixed) {
						continue
					}
					t.Errorf("%s: %q may be 1: write it by ops.Count", src.fset.Position(lit.Pos()), format[at[0]:at[1]])
				}
			}
			return true
		})
	}
}

// constant reports whether an expression is a figure of the source.
func constant(e ast.Expr, fixed map[string]bool) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return fixed[e.Name]
	case *ast.SelectorExpr:
		return fixed[e.Sel.Name]
	case *ast.BinaryExpr:
		return constant(e.X, fixed) && constant(e.Y, fixed)
	}
	return false
}
