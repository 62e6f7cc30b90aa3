package pgbackrest

import (
	"os"
	"path/filepath"
	"testing"

	"opsdeck/ops"
)

func TestOnlyARepositoryOnThisMachineTellsItsRoom(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		config string
		fault  string
		want   bool
	}{
		"a folder":                   {"[global]\nrepo1-path=" + dir + "\n", "", true},
		"a folder, and called so":    {"[global]\nrepo1-type=posix\nrepo1-path=" + dir + "\n", "", true},
		"a store":                    {"[global]\nrepo1-type=s3\nrepo1-path=" + dir + "\n", "", false},
		"a folder of another host":   {"[global]\nrepo1-host=away\nrepo1-path=" + dir + "\n", "", false},
		"a folder that is not there": {"[global]\nrepo1-path=" + dir + "/none\n", "", false},
		"one that tells no size":     {"[global]\nrepo1-path=/proc\n", "", false},
		"one that is away":           {"[global]\nrepo1-path=" + dir + "\n", "refused", false},
		"no configuration":           {"", "", false},
	} {
		file := filepath.Join(dir, "conf")
		if err := os.WriteFile(file, []byte(c.config), 0o600); err != nil {
			t.Fatal(err)
		}
		if c.config == "" {
			file = filepath.Join(dir, "nowhere")
		}
		col := &Collector{cfg: Config{File: file, Stanza: "lab"}}
		if got := col.free(ops.Repository{Key: 1, Fault: ops.Clean(c.fault)}); got.Known != c.want || c.want && got.Value <= 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	t.Setenv("PGBACKREST_REPO1_PATH", "/elsewhere")
	file := filepath.Join(dir, "conf")
	if err := os.WriteFile(file, []byte("[global]\nrepo1-path="+dir+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := (&Collector{cfg: Config{File: file, Stanza: "lab"}}).free(ops.Repository{Key: 1}); got.Known {
		t.Errorf("the environment says another place: %v", got)
	}
}
