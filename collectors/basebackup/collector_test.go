package basebackup

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"opsdeck/internal/basebackup"
	"opsdeck/ops"
)

func TestClustersAreCountedAndTheNewestBackupIsOfThePresentOne(t *testing.T) {
	for name, c := range map[string]struct {
		newestFirst []string
		present     int
		others      map[string]int
	}{
		"one":                      {[]string{"a", "a"}, 1, nil},
		"another since":            {[]string{"b", "a", "a"}, 2, map[string]int{"a": 1}},
		"the first again":          {[]string{"a", "b", "a"}, 2, map[string]int{"b": 1}},
		"two others, and the last": {[]string{"c", "b", "a"}, 3, map[string]int{"b": 2, "a": 1}},
	} {
		var sets []basebackup.Set
		for _, cluster := range c.newestFirst {
			sets = append(sets, basebackup.Set{Cluster: cluster})
		}
		n := numbered(sets)
		if n[c.newestFirst[0]] != c.present {
			t.Errorf("%s: %v", name, n)
		}
		for cluster, want := range c.others {
			if n[cluster] != want {
				t.Errorf("%s: %s is %d, want %d", name, cluster, n[cluster], want)
			}
		}
	}
}

func TestABackupFromWhichSomethingWasTakenIsDamaged(t *testing.T) {
	for name, c := range map[string]struct {
		take    func(data string) error
		damaged bool // else there is no backup any more
		after   time.Duration
	}{
		"a file":                           {func(d string) error { return os.Remove(filepath.Join(d, "base", "5", "1259")) }, true, 0},
		"a database":                       {func(d string) error { return os.RemoveAll(filepath.Join(d, "base", "5")) }, true, 0},
		"all databases":                    {func(d string) error { return os.RemoveAll(filepath.Join(d, "base")) }, true, 0},
		"the end of a file":                {func(d string) error { return os.Truncate(filepath.Join(d, "global", "1262"), 3) }, true, wholeEvery},
		"what says of which cluster it is": {func(d string) error { return os.Remove(filepath.Join(d, "global", "pg_control")) }, false, 0},
		"its manifest":                     {func(d string) error { return os.Remove(filepath.Join(d, "backup_manifest")) }, false, 0},
		"all":                              {os.RemoveAll, false, 0},
	} {
		now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
		folder := t.TempDir()
		data := filepath.Join(folder, "backups", "one", "data")
		for path, text := range map[string]string{
			"backup_manifest": `{"Files": [{"Path": "base/5/1259", "Size": 4}, {"Path": "global/1262", "Size": 4}, {"Path": "global/pg_control", "Size": 8}, {"Path": "postgresql.auto.conf", "Size": 88}, {"Encoded-Path": "ff", "Size": 1}],
				"WAL-Ranges": [{"Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "0/2000100"}]}`,
			"base/5/1259": "data", "global/1262": "data", "global/pg_control": "12345678", "../made": `{"began": "2026-11-27T11:00:00Z", "ended": "2026-11-27T11:01:00Z"}`,
		} {
			path = filepath.Join(data, path)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		col := New(Config{Plan: ops.BackupPlan{Name: ops.Lit("p"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("r"), Key: 1}}}, Folder: folder, Now: func() time.Time { return now }})
		look := func() []ops.Backup {
			o, err := col.Collect(t.Context())
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return o.Backups.Sets
		}
		if sets := look(); len(sets) != 1 || sets[0].Damaged {
			t.Fatalf("%+v", sets)
		}
		if err := c.take(data); err != nil {
			t.Fatal(err)
		}
		now = now.Add(c.after) // a file's end leaves its folder as it was
		if sets := look(); c.damaged && (len(sets) != 1 || !sets[0].Damaged) || !c.damaged && len(sets) > 0 {
			t.Errorf("%s: %+v", name, sets)
		}
	}
}

func TestWALIsPromisedSinceItIsReceived(t *testing.T) {
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	set := func(label string, hour int, cluster int) ops.Backup {
		return ops.Backup{Label: ops.Clean(label), Began: noon.Add(time.Duration(hour) * time.Hour), Cluster: cluster}
	}
	sets := []ops.Backup{set("d", 3, 2), set("c", 2, 2), set("b", 1, 2), set("a", 0, 1)}
	for name, c := range map[string]struct {
		since time.Time
		want  string
	}{
		"it never was: of the newest":       {time.Time{}, "d"},
		"before all: of the oldest":         {noon.Add(-time.Hour), "b"},
		"between two: of the next":          {noon.Add(90 * time.Minute), "c"},
		"at the moment one began: of it":    {noon.Add(2 * time.Hour), "c"},
		"after the newest: of it, all same": {noon.Add(9 * time.Hour), "d"},
	} {
		if got := promised(sets, 2, c.since); got.String() != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := promised(nil, 0, noon); !got.Empty() {
		t.Errorf("without a backup: %s", got)
	}
}
