package backup

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

const verify1 = "--repo=1 --output=text --verbose verify"

// verified is what pgBackRest 2.45 prints, in its log and once more outside of it.
func verified(status string, backups ...string) string {
	text := "stanza: lab\nstatus: " + status + "\n  archiveId: 15-1, total WAL checked: 4, total valid WAL: 4\n" + none
	for _, b := range backups {
		text += b
	}
	indent := strings.Repeat(" ", 36)
	return log("INFO", strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+indent)) + text
}

const (
	none    = "    missing: 0, checksum invalid: 0, size invalid: 0, other: 0\n"
	wrong   = "    missing: 1, checksum invalid: 2, size invalid: 0, other: 0\n"
	valid   = "  backup: 20261126-010000F, status: valid, total files checked: 964, total valid files: 964\n"
	invalid = "  backup: 20261126-010000F, status: invalid, total files checked: 964, total valid files: 961\n"
)

func TestHowAVerificationEnds(t *testing.T) {
	for name, c := range map[string]struct {
		call outcome
		want string
	}{
		"nothing wrong": {outcome{out: verified("ok", valid+none)}, "succeeded: local: 1 backup of 964 files and 4 WAL segments verified, no damage"},
		"damage, and exit 0": {outcome{out: "2026-11-27 14:24:28.920 P01   INFO: invalid checksum '20261126-010000F/pg_data/base/5/2838.gz'\n" + verified("error", invalid+wrong)},
			"failed: local: verify found damage (status error): 20261126-010000F: missing: 1, checksum invalid: 2; invalid checksum '20261126-010000F/pg_data/base/5/2838.gz': take a full backup now"},
		"an invalid backup, and status ok": {outcome{out: verified("ok", invalid+none)}, "failed: local: verify found damage (status ok): 20261126-010000F: invalid"},
		"counts alone":                     {outcome{out: verified("ok", valid+wrong)}, "failed: local: verify found damage (status ok): 20261126-010000F: missing: 1, checksum invalid: 2"},
		"fewer valid than checked":         {outcome{out: verified("ok", strings.Replace(valid, "files: 964\n", "files: 963\n", 1)+none)}, "failed: local: verify found damage (status ok): 20261126-010000F: 963 of 964 valid"},
		"the status alone":                 {outcome{out: verified("error", valid+none)}, "failed: local: verify found damage (status error): it names none: take"},
		"status invalid":                   {outcome{out: verified("invalid", valid+none)}, "failed: local: verify found damage (status invalid)"},
		"no manifest":                      {outcome{out: verified("ok", "  backup: 20261126-010000F, status: manifest missing, total files checked: 0, total valid files: 0\n")}, "failed: local: verify found damage (status ok): 20261126-010000F: manifest missing"},
		"a bad status before a good one":   {outcome{out: "status: error\n" + verified("ok", valid+none)}, "failed: local: verify found damage (status error)"},
		"no status":                        {outcome{out: log("INFO", "verify command end: completed successfully (796ms)")}, "unknown: local: verify ended well and printed no status"},
		"nothing at all":                   {outcome{}, "unknown: local: verify ended well and printed no status"},
		"a status in other words":          {outcome{out: "the status: ok was said\n"}, "unknown: local: verify ended well and printed no status"},
		"not all was looked at":            {outcome{out: verified("ok")}, "unknown: local: status ok, but backup 20261126-010000F was not looked at"},
		"one being made":                   {outcome{out: verified("ok", valid+none, "  backup: 20261127-010000F, status: in-progress, total files checked: 9, total valid files: 3\n")}, "succeeded: local: 1 backup of 964 files"},
		"stopped by a signal":              {outcome{code: 63}, "failed: local: a signal ended it (exit code 63)"},
		"a store that is away":             {outcome{out: recorded(t, "refused")}, "failed: local: could not be verified: it names no usable backup.info file: look whether"},
		"a store that goes away": {outcome{out: recorded(t, "store-refuses-midway")},
			"failed: local: could not be verified: 2 files could not be read: HTTP request failed with 403 (Forbidden): look whether"},
		"one that goes away, and damage":    {outcome{out: strings.ReplaceAll(recorded(t, "store-refuses-midway"), "checksum invalid: 0", "checksum invalid: 1")}, "failed: local: verify found damage (status error): 15-1: checksum invalid: 1, other: 2"},
		"more wrong than could not be read": {outcome{out: strings.ReplaceAll(recorded(t, "store-refuses-midway"), "other: 2", "other: 3")}, "failed: local: verify found damage (status error): 15-1: other: 3"},
	} {
		t.Run(name, func(t *testing.T) {
			e, plan, b := lab()
			e.calls[verify1] = c.call
			r, _, err := act(t, e, plan, b, "backup.verify", "repository=local")
			if got := ended(r, err); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

func TestWhatAVerificationFoundIsKeptByName(t *testing.T) {
	const segment = "000000010000000000000004"
	archive := "  archiveId: 15-1, total WAL checked: 4, total valid WAL: 3\n    missing: 0, checksum invalid: 1, size invalid: 0, other: 0\n"
	bad := func(file string) string { return log("INFO", "invalid checksum '"+file+"'") }
	for name, c := range map[string]struct {
		call    outcome
		want    ops.Verification // without What
		nothing bool             // it came to no end
	}{
		"whole":    {call: outcome{out: verified("ok", valid+none)}, want: ops.Verification{Whole: true}},
		"a backup": {call: outcome{out: bad("20261126-010000F/pg_data/base/5/2838.gz") + verified("error", invalid+wrong)}, want: ops.Verification{Backups: []ops.Text{ops.Lit("20261126-010000F")}}},
		"a segment": {call: outcome{out: bad("15-1/0000000100000000/"+segment+"-"+strings.Repeat("a", 40)+".gz") + strings.Replace(verified("error", valid+none), "  archiveId: 15-1, total WAL checked: 4, total valid WAL: 4\n"+none, archive, 1)},
			want: ops.Verification{WAL: []ops.Text{ops.Clean(segment)}}},
		"segments that are not named": {call: outcome{out: strings.Replace(verified("error", valid+none), "  archiveId: 15-1, total WAL checked: 4, total valid WAL: 4\n"+none, archive, 1)}, want: ops.Verification{Unnamed: true}},
		"the status alone":            {call: outcome{out: verified("error", valid+none)}, want: ops.Verification{Unnamed: true}},
		"no status":                   {call: outcome{out: log("INFO", "verify command end: completed successfully (796ms)")}, nothing: true},
		"not all was looked at":       {call: outcome{out: verified("ok")}, nothing: true},
		"stopped by a signal":         {call: outcome{out: verified("error", invalid+wrong), code: 63}, nothing: true},
		"a store that is away":        {call: outcome{out: recorded(t, "refused")}, nothing: true},
		"a store that goes away":      {call: outcome{out: recorded(t, "store-refuses-midway")}, nothing: true},
	} {
		e, plan, b := lab()
		e.calls[verify1] = c.call
		r, _, _ := act(t, e, plan, b, "backup.verify", "repository=local") // the table above has how it ends
		if c.nothing {
			if len(r.Verified) > 0 {
				t.Errorf("%s: %+v", name, r.Verified)
			}
			continue
		}
		if len(r.Verified) != 1 {
			t.Errorf("%s: %+v", name, r.Verified)
			continue
		}
		got := r.Verified[0]
		if got.What.Empty() == !got.Whole || got.Repository.String() != "local" || got.Ended != noon {
			t.Errorf("%s: %+v", name, got)
		}
		got.What, got.Repository, got.Ended = ops.Text{}, ops.Text{}, time.Time{}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// recorded is what verify of 2.45 printed in a lab.
func recorded(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/verify-2.45-" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestWhyNothingCouldBeVerified has verify print that it found nothing to go by, which says
// nothing of why: what the repository says does.
func TestWhyNothingCouldBeVerified(t *testing.T) {
	e, plan, b := lab()
	e.calls[verify1] = outcome{out: recorded(t, "refused")}
	e.faults[1] = "unable to connect to 'localhost:1': [111] Connection refused"
	r, _, err := act(t, e, plan, b, "backup.verify", "repository=local")
	if got := ended(r, err); got != "failed: local: could not be verified: unable to connect to 'localhost:1': [111] Connection refused: look whether the repository can be reached and read, then verify again" {
		t.Error(got)
	}
}

// TestWhatVerifyOf245PrintsOfRealDamage has what it printed in a lab, where files were
// written over in the middle (unreadable), changed and packed again (checksums), and removed.
func TestWhatVerifyOf245PrintsOfRealDamage(t *testing.T) {
	texts := func(names ...string) (all []ops.Text) {
		for _, n := range names {
			all = append(all, ops.Clean(n))
		}
		return all
	}
	for name, want := range map[string]ops.Verification{
		"wal-unreadable": {WAL: texts("000000010000000000000006"), What: ops.Lit("15-1: other: 1; invalid result '15-1/0000000100000000/000000010000000000000006-a8ea92cde0d3ab54974f0229f3da0d959aea3302.gz'")},
		"checksums": {WAL: texts("000000010000000000000005", "000000010000000000000006"), Backups: texts("20261127-233409F"), What: ops.Clean("15-1: checksum invalid: 2; 20261127-233409F: checksum invalid: 1; " +
			"invalid checksum '15-1/0000000100000000/000000010000000000000005-24f097448fc7b3e9acec782365fd1ae49f542f6e.gz'; invalid checksum '15-1/0000000100000000/000000010000000000000006-b6533a033adaa6f616d997778bae3791e528abe1.gz'; " +
			"invalid checksum '20261127-233409F/pg_data/base/4/2618.gz'")},
		"wal-missing": {Whole: true}, // it does not see it
	} {
		found := &findings{checked: map[string]checked{}}
		for l := range strings.Lines(recorded(t, name)) {
			found.line(ops.StreamOut, strings.TrimSuffix(l, "\n"))
		}
		if got := found.verification(ops.Text{}, time.Time{}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v\nwant %+v", name, got, want)
		}
	}
}

func TestAnOutputWithoutEndOfVerifyFillsNoMemory(t *testing.T) {
	f := &findings{checked: map[string]checked{}}
	for i := range 3 * checkedMost {
		name := ops.Textf("backup: %d, status: ", i).String()
		f.line(ops.StreamOut, name+"invalid, total files checked: 1, total valid files: 0")
		f.line(ops.StreamOut, name+"manifest missing")
		f.line(ops.StreamOut, log("INFO", ops.Textf("invalid checksum '15-1/0000000100000000/%024X'", i).String()))
	}
	if len(f.order) > checkedMost || len(f.checked) > checkedMost || len(f.named) > namedMost || len(f.wal) > keptMost+1 {
		t.Errorf("%d, %d, %d are kept", len(f.order), len(f.checked), len(f.named))
	}
}

func FuzzWhatVerifyPrints(f *testing.F) {
	f.Add(verified("ok", valid+none))
	f.Add(verified("error", invalid+wrong))
	f.Add("backup: x, status: valid, total files checked: 999999999999, total valid files: 999999999999\nstatus: ok")
	f.Fuzz(func(t *testing.T, text string) {
		found := &findings{checked: map[string]checked{}}
		for l := range strings.Lines(text) {
			found.line(ops.StreamOut, l)
		}
		r, err := found.result([]ops.Backup{set("20261126-010000F", 1)})
		if err == nil && r.State == ops.JobSucceeded && (strings.Contains(text, "status: error\n") || !strings.Contains(text, "20261126-010000F")) {
			t.Errorf("%q is %s", text, r.What)
		}
	})
}
