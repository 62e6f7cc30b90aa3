package backup

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"opsdeck/ops"
)

// away are pgBackRest's numbers of errors that say nothing of a file that could not be
// read: the store refuses or does not answer, or this account may not.
var away = []string{"39", "41", "49", "53", "66", "94", "100", "101", "102"}

// worker is what stands before the words of an error that another process had.
var worker = regexp.MustCompile(`^raised from [\w-]+ protocol: `)

// notRead takes the number and the words of the error of a file that could not be read.
func (f *findings) notRead(code, words string) {
	if slices.Contains(away, code) {
		f.unread++
		f.why = cmp.Or(f.why, strings.TrimSuffix(worker.ReplaceAllString(words, ""), ":"))
	}
}

// unverified is the error where nothing of what verify printed says that the repository is
// damaged, and not all could be read; nil: it was read, or is damaged. verify calls that an
// error as it calls damage, and ends with 0 all the same.
func (v *verify) unverified(ctx context.Context, repo ops.RepositoryPlan, f *findings) error {
	var why ops.Text
	switch {
	case f.unusable != "" && len(f.order) == 0:
		var err error
		if _, why, err = v.engine.Look(ctx, repo.Key); err != nil {
			why = ops.AsError(err).What
		}
		why = why.Or(ops.Textf("it names no usable %s file", f.unusable))
	case f.unread > 0 && !f.damagedBesides():
		why = ops.Textf("%s could not be read: %s", ops.Count(f.unread, "file"), f.why)
	default:
		return nil
	}
	return ops.Errorf(ops.CodeUnavailable, "could not be verified: %s", why).Help("look whether the repository can be reached and read, then verify again")
}

// damagedBesides reports whether more is wrong than the files that could not be read. A
// backup whose list of files is among those is called invalid, with no file of it counted.
func (f *findings) damagedBesides() bool {
	others := 0
	for _, name := range f.bad() {
		c := f.checked[name]
		others += c.other
		unlisted := c.status == "invalid" && c.total == 0 && c.wrong == ""
		if !unlisted && (!c.alone || c.total-c.valid != c.other || c.status != "" && c.status != "invalid") {
			return true
		}
	}
	return others != f.unread
}
