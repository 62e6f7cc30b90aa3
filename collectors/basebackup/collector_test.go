package basebackup

import (
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
