package pgbackrest

import (
	"cmp"
	"fmt"
	"strconv"

	"opsdeck/ops"
)

// promised is the backup from whose start on a repository keeps all WAL, by what the
// configuration says of its retention: with no retention for the archive alone, the oldest
// one. Empty: there is none, or the configuration cannot be read. sets are of this
// repository and the newest cluster, newest first.
//
// Source: pgBackRest's reference of repo-retention-archive and its type.
func (s settings) promised(key int, sets []ops.Backup) ops.Text {
	if len(s.texts) == 0 || len(sets) == 0 {
		return ops.Text{}
	}
	counted := map[string]ops.BackupType{"full": ops.BackupFull, "diff": ops.BackupDifferential, "incr": ops.BackupIncremental}
	as := counted[cmp.Or(s.of(fmt.Sprintf("repo%d-retention-archive-type", key), "expire"), "full")]
	left, err := strconv.Atoi(s.of(fmt.Sprintf("repo%d-retention-archive", key), "expire"))
	if err != nil || left <= 0 {
		return sets[len(sets)-1].Label
	}
	for _, b := range sets {
		if b.Type.Serves(as) {
			if left--; left == 0 {
				return b.Label
			}
		}
	}
	return sets[len(sets)-1].Label
}

// promise says of each repository from which backup on it keeps all WAL.
func (c *Collector) promise(b *ops.Backups) {
	set, err := c.settings()
	if err != nil {
		return // it is not known then
	}
	for i := range b.Repositories {
		r := &b.Repositories[i]
		var mine []ops.Backup
		for _, s := range b.Sets {
			if s.Key == r.Key && s.Cluster == b.Number {
				mine = append(mine, s)
			}
		}
		r.Promised = set.promised(r.Key, mine)
	}
}
