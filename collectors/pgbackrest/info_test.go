package pgbackrest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// says is a reading in short: of each repository its code, how many backups it holds
// and its fault, and whether somebody is at work.
func says(b *ops.Backups) string {
	var all []string
	for _, r := range b.Repositories {
		n := 0
		for _, s := range b.Sets {
			if s.Key == r.Key {
				n++
			}
		}
		word := fmt.Sprintf("%d: %d of %s", r.Code, n, r.Size.Size())
		if r.Empty {
			word += " empty"
		}
		if !r.Fault.Empty() {
			word += " " + r.Fault.String()
		}
		all = append(all, word)
	}
	if b.Held {
		all = append(all, "held")
	}
	return strings.Join(all, "; ")
}

func TestRecordedAnswersAreReadByTheirCode(t *testing.T) {
	for name, c := range map[string]struct {
		repos []int
		want  string
	}{
		"info-two-backups.json":           {[]int{1}, "0: 2 of 13.4M"},
		"info-running.json":               {[]int{1}, "0: 2 of 13.4M; held"},
		"info-2.55-running.json":          {[]int{1}, "2: 0 of 0B empty; held"},
		"info-no-backup.json":             {[]int{1}, "2: 0 of 0B empty"},
		"info-no-stanza.json":             {[]int{1}, "1: 0 of ? empty missing stanza path"},
		"info-empty-repo.json":            {[]int{1}, "1: 0 of ? empty missing stanza path"},
		"info-store-503.json":             {[]int{1}, "99: 0 of ? [503] Service Unavailable"},
		"info-wrong-secret.json":          {[]int{1}, "99: 0 of ? HTTP request failed with 403 (Forbidden): SignatureDoesNotMatch"},
		"info-another-cipher-pass.json":   {[]int{1}, "99: 0 of ? it cannot be decrypted: it was encrypted with another cipher pass than the configuration has, or is damaged"},
		"info-no-cipher-pass.json":        {[]int{1}, "99: 0 of ? it is encrypted, and the configuration has no cipher pass for it"},
		"info-cipher-pass-for-plain.json": {[]int{1}, "99: 0 of ? it is not encrypted as the configuration says, or is damaged: cipher header invalid"},
		"info-two-repos.json":             {[]int{1, 2}, "0: 1 of 13.4M; 0: 1 of 13.4M"},
		"info-two-repos-second-down.json": {[]int{1, 2}, "0: 1 of 13.4M; 99: 0 of ? unable to connect to 'localhost:19446': [111] Connection refused"},
	} {
		e := newEngine(t)
		for _, n := range c.repos {
			e.info[n] = recorded(t, name)
		}
		col, _ := collectorOf(t, e, c.repos...)
		col.cfg.Stanza = map[bool]string{true: "nosuch", false: "lab"}[name == "info-no-stanza.json"]
		if b, _ := collect(t, col); says(b) != c.want {
			t.Errorf("%s: %s, want %s", name, says(b), c.want)
		}
	}
}

func TestWhatIsToldOfABackup(t *testing.T) {
	e := newEngine(t)
	e.info[1] = recorded(t, "info-two-backups.json")
	col, now := collectorOf(t, e, 1)
	b, o := collect(t, col)
	want := ops.Backup{
		Ref: ops.NewRef(ops.KindBackup, "nightly", "repo1/20261127-035600F_20261127-035620I"), Label: ops.Lit("20261127-035600F_20261127-035620I"),
		Type: ops.BackupIncremental, Repository: ops.Lit("repo1"), Key: 1,
		Began: time.Unix(1795751780, 0).UTC(), Ended: time.Unix(1795751782, 0).UTC(), Start: 0x6000028, Stop: 0x7000088,
		FirstWAL: ops.Lit("000000010000000000000006"), LastWAL: ops.Lit("000000010000000000000007"),
		Prior: ops.Lit("20261127-035600F"), Needs: []ops.Text{ops.Lit("20261127-035600F")}, Cluster: 1, Size: ops.Num(50534214), Stored: ops.Num(429),
	}
	if len(b.Sets) != 2 || !reflect.DeepEqual(b.Sets[0], want) {
		t.Errorf("the newest is %+v", b.Sets)
	}
	r := b.Repositories[0]
	if b.Cluster.String() != "7712694881261755899" || o.Version.String() != "2.45" || r.Size != ops.Num(14002961+429) || !r.Read.Equal(now.now()) || r.Cipher ||
		b.Stanza.String() != "lab" || r.Region.String() != "eu-lab-1" || len(o.Notes) > 0 || !b.Unseen.Empty() {
		t.Errorf("%+v, %+v", b, o)
	}
}
