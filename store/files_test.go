package store

import (
	"os"
	"testing"
)

func TestAFolderOfSomebodyElseIsNotUsed(t *testing.T) {
	for name, x := range map[string]struct {
		owner uint32
		us    int
		want  bool
	}{"ours": {1000, 1000, false}, "somebody's": {1001, 1000, true}, "root's": {0, 1000, true}, "anybody's, for root": {1001, 0, false}} {
		if got := foreign(x.owner, x.us); got != x.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRoomIsMadeAndLeftClean(t *testing.T) {
	dir := t.TempDir() + "/a/b"
	if err := Room(dir); err != nil {
		t.Fatal(err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
		t.Errorf("%v %v", names, err)
	}
}
