package ops

import "testing"

func TestACopyTakesTheRoomOfTheWALThatTheBackupHolds(t *testing.T) {
	for what, c := range map[string]struct {
		backup Backup
		want   int64
	}{
		"its WAL is in it":              {Backup{Size: Num(23), Stored: Num(55)}, 55},
		"compressed":                    {Backup{Size: Num(23), Stored: Num(7)}, 23},
		"what it added is not known":    {Backup{Size: Num(23)}, 23},
		"nothing is known of its sizes": {Backup{}, 0},
	} {
		if got := c.backup.CopyBytes(); got != c.want {
			t.Errorf("%s: %d, want %d", what, got, c.want)
		}
	}
}
