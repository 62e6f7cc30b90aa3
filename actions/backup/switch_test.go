package backup

import (
	"strings"
	"testing"

	"opsdeck/ops"
)

func TestASwitchIsDoneWhenEachRepositoryHoldsTheSegment(t *testing.T) {
	const segment = "000000010000000000000007"
	said := log("INFO", "check repo1 archive for WAL (primary)") + log("INFO", "WAL segment "+segment+" successfully archived to '/r/archive/lab/15-1/0000000100000000/"+segment+"-ab.gz' on repo1")
	for name, c := range map[string]struct {
		call outcome
		wal  map[int]string
		err  error
		want string
	}{
		"in both":               {outcome{out: said}, map[int]string{1: segment, 2: segment}, nil, "succeeded: segment " + segment + " is in local and s3"},
		"in one":                {outcome{out: said}, map[int]string{1: segment}, nil, "unknown: check says that segment " + segment + " is archived; s3 does not hold it"},
		"nobody can be asked":   {outcome{out: said}, nil, ops.Errorf(ops.CodeUnavailable, "away"), "unknown: check says that segment " + segment + " is archived; local could not be asked for it: away; s3 could"},
		"it names none":         {outcome{out: "ok\n"}, map[int]string{1: segment, 2: segment}, nil, "unknown: check ended well and names no segment"},
		"it was not archived":   {outcome{out: log("ERROR", "[082]: WAL segment "+segment+" was not archived before the 5000ms timeout"), code: 82}, nil, nil, "failed: WAL was not archived in time"},
		"it is stopped by then": {outcome{out: log("ERROR", "[062]: stop file exists for stanza lab"), code: 62}, nil, nil, "failed: pgBackRest is stopped"},
	} {
		e, plan, b := lab()
		e.calls["check"], e.wal, e.lookErr = c.call, c.wal, c.err
		r, _, err := act(t, e, plan, b, "backup.switch-wal")
		if got := ended(r, err); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
}
