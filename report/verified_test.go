package report

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestARepositorySaysWhenItsContentsWereRead(t *testing.T) {
	repo := ops.Repository{Name: ops.Lit("local"), Key: 1, Free: ops.Num(1 << 20), WAL: ops.WALListing{Files: 3, At: noon}}
	sets := []ops.Backup{{Key: 1, Ended: hours(4)}}
	for what, tc := range map[string]struct {
		sets     []ops.Backup
		verified []ops.Verification
		want     string
	}{
		"never":                       {sets, nil, "never verified, 1.0M free"},
		"another one alone":           {sets, []ops.Verification{{Repository: ops.Lit("away"), Ended: hours(1), Whole: true}}, "never verified"},
		"whole":                       {sets, []ops.Verification{{Repository: ops.Lit("local"), Ended: hours(49), Whole: true}}, "verified 2d1h ago"},
		"damaged, which stands first": {sets, []ops.Verification{{Repository: ops.Lit("local"), Ended: hours(2)}}, "verified 2h ago"},
		"nothing to read":             {nil, nil, ""},
	} {
		r := ops.Reading[ops.Backups]{Source: ops.Lit("orders"), At: noon, State: ops.SourceOK, Value: ops.Backups{Sets: tc.sets, Verified: tc.verified}}
		got := RepositoryLine(r, repo, noon.Add(time.Second)).Text
		if tc.want == "" && strings.Contains(got, "verified") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q", what, got)
		}
	}
}
