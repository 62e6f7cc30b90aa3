package guide

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestEveryWordOfTheBackupsPaneIsExplained holds the words that the pane is written with
// against the page that says what they mean. Those of findings explain themselves.
func TestEveryWordOfTheBackupsPaneIsExplained(t *testing.T) {
	text, err := os.ReadFile("backups.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(string(text)), " ")
	seen := 0
	for _, file := range []string{"report/backups.go", "report/backupwork.go"} {
		for _, said := range wordsOf(t, filepath.Join(root, file)) {
			seen++
			if !strings.Contains(page, said) {
				t.Errorf("%s says %q, and backups.md does not", file, said)
			}
		}
	}
	if seen < 40 {
		t.Errorf("found %d words: the test looks in the wrong place", seen)
	}
}

var (
	holes  = regexp.MustCompile(`%[a-z]`)
	letter = regexp.MustCompile(`[A-Za-z]{3}`)
	// unseen are the fields of a table that are not on the screen.
	unseen = regexp.MustCompile(`^(Name|Key|Unit)$`)
)

// wordsOf are the pieces of text that a file of Go prints, without what is put into them.
func wordsOf(t *testing.T, path string) (all []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.KeyValueExpr:
			name, named := n.Key.(*ast.Ident)
			return !named || !unseen.MatchString(name.Name)
		case *ast.BasicLit:
			said, err := strconv.Unquote(n.Value)
			if n.Kind != token.STRING || err != nil {
				return true
			}
			for _, piece := range holes.Split(said, -1) {
				if piece = strings.Trim(piece, " ,;:./()"); letter.MatchString(piece) {
					all = append(all, piece)
				}
			}
		}
		return true
	})
	return all
}
