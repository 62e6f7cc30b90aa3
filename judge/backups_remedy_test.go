package judge_test

import (
	"testing"

	"opsdeck/ops"
)

// TestWhatToDoIsInTheEnginesOwnWords: judge knows no engine, and its reader has the words.
func TestWhatToDoIsInTheEnginesOwnWords(t *testing.T) {
	away := func(remedy string) func(*ops.Estate, *ops.Board) {
		return func(_ *ops.Estate, b *ops.Board) {
			r := &b.Backups[0].Value.Repositories[1]
			r.Fault, r.Remedy = ops.Lit("refused"), ops.Clean(remedy)
		}
	}
	other := func(told string) func(*ops.Estate, *ops.Board) {
		return func(_ *ops.Estate, b *ops.Board) {
			b.Backups[0].Value.Cluster, b.Backups[0].Value.Told, b.Databases[0].Value.Cluster.ID = ops.Lit("1"), ops.Clean(told), ops.Lit("2")
		}
	}
	for name, c := range map[string]struct {
		change    func(*ops.Estate, *ops.Board)
		key, want string
	}{
		"a repository that is away":         {away("mount it, and say mount"), "a repository that cannot be read", "mount it, and say mount"},
		"away, and its reader has no words": {away(""), "a repository that cannot be read", "bring it back"},
		"another cluster":                   {other("engine: its-option"), "the other cluster", "look which server the engine is told to back up (engine: its-option), then take a full backup"},
		"another cluster, and no words":     {other(""), "the other cluster", "look which server the engine is told to back up, then take a full backup"},
	} {
		said := ""
		for _, f := range found(c.change) {
			if f.Key.String() == c.key && len(f.Next) > 0 {
				said = f.Next[0].What.String()
			}
		}
		if said != c.want {
			t.Errorf("%s: %q, want %q", name, said, c.want)
		}
	}
}
