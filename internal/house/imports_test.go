package house

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// listed is what go list tells of a package.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Standard   bool
}

const module = "opsdeck/"

// packages lists the module's own packages, lab tag included.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-tags", "lab", "-json=ImportPath,Dir,GoFiles,Imports,Standard", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages: the test looks in the wrong place", len(all))
	}
	return all
}

// rooms says which of the module's packages each room may import. A room not
// listed here may import none but ops.
var rooms = map[string][]string{
	"ops":           {},
	"judge":         {"ops"},
	"engine":        {"ops", "judge", "engine/jobs"},
	"engine/jobs":   {"ops", "judge"},
	"tui":           {"ops", "report", "themes", "internal/ownfile", "tui/keys", "tui/draw", "tui/screen", "tui/table", "tui/dialog", "tui/alert"},
	"tui/keys":      {},
	"tui/draw":      {"ops", "report", "themes", "tui/keys"},
	"tui/screen":    {"ops", "report", "themes", "tui/keys", "tui/draw"},
	"tui/table":     {"ops", "report", "themes", "tui/keys", "tui/draw", "tui/screen"},
	"tui/dialog":    {"ops", "report", "themes", "tui/keys", "tui/draw"},
	"tui/alert":     {"ops", "report", "themes", "tui/keys", "tui/draw", "tui/screen", "tui/table"},
	"themes":        {},
	"cmd":           {"*"},
	"daemon":        {"ops", "agent", "engine", "store"},
	"load":          {"ops", "judge", "load"},
	"drill":         {"ops", "internal/proc", "internal/basebackup"},
	"collectors":    {"ops", "internal/httpsource", "internal/basebackup"},
	"internal/proc": {"ops", "internal/ownfile"},

	"internal/basebackup": {"ops", "internal/proc", "internal/ownfile"},
	"store":               {"ops", "internal/ownfile"},
	"internal/sim":        {"internal/pgfake"}, // knows the real APIs and nothing of ours
	"internal/e2e":        {"*"},
	"internal/bench":      {"*"},
}

// keepers says who alone may import a package directly.
var keepers = map[string][]string{
	"os/exec":                  {"internal/proc", "internal/house", "internal/e2e", "internal/bench", "internal/dockertest", "internal/labtest", "internal/postgrestest"},
	"charm.land/bubbletea/v2":  {"tui", "tui/dialog", "cmd", "internal/bench"},
	"go.etcd.io/bbolt":         {"store"},
	"github.com/HdrHistogram":  {"load"},
	"charm.land/lipgloss/v2":   {"themes", "tui", "cmd"},
	"github.com/spf13/cobra":   {"cmd"},
	"github.com/jackc/pgx/v5":  {"collectors", "drill", "load", "internal/e2e", "internal/pgfake", "internal/postgrestest"},
	"github.com/moby/moby/api": {"collectors", "actions", "internal/bench", "internal/dockertest", "internal/sim"},
}

// room is the first path element of a package, or two under internal, tui and engine.
func room(importPath string) string {
	p := strings.TrimPrefix(importPath, module)
	parts := strings.Split(p, "/")
	if slices.Contains([]string{"internal", "tui", "engine"}, parts[0]) && len(parts) > 1 {
		return path.Join(parts[0], parts[1])
	}
	return parts[0]
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		from := room(p.ImportPath)
		allowed, known := rooms[from]
		if !known {
			allowed = []string{"ops"}
		}
		for _, i := range p.Imports {
			if !strings.HasPrefix(i, module) || slices.Contains(allowed, "*") {
				continue
			}
			if to := room(i); !slices.Contains(allowed, to) && i != p.ImportPath {
				t.Errorf("%s imports %s: %s may import %v", p.ImportPath, i, from, allowed)
			}
		}
	}
}

func TestTheDomainImportsTheStandardLibraryOnly(t *testing.T) {
	for _, p := range packages(t) {
		if r := room(p.ImportPath); r != "ops" && r != "judge" {
			continue
		}
		for _, i := range p.Imports {
			if strings.Contains(strings.Split(i, "/")[0], ".") {
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
		}
	}
}

func TestSomePackagesHaveOneKeeper(t *testing.T) {
	for _, p := range packages(t) {
		for _, i := range p.Imports {
			for guarded, may := range keepers {
				if (i == guarded || strings.HasPrefix(i, guarded+"/")) && !slices.Contains(may, room(p.ImportPath)) {
					t.Errorf("%s imports %s, which only %v may", p.ImportPath, i, may)
				}
			}
		}
	}
}
