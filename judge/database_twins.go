package judge

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// keyTwins is the key of the finding that two servers of one cluster take writes.
const keyTwins = "the second primary"

// judgeTwins finds servers of one cluster that both take writes, on timelines of their own:
// one was promoted, and the other came back. What is written to the old one is lost.
func judgeTwins(b *ops.Board, now time.Time) bool {
	all := b.Databases
	return judgeEach(&b.Databases, func(r *ops.Reading[ops.Database]) bool {
		had := slices.ContainsFunc(r.Value.Findings, isTwin)
		newer, found := newerTwin(all, *r)
		if !had && !found {
			return false
		}
		d := &r.Value
		d.Findings = slices.DeleteFunc(slices.Clone(d.Findings), isTwin)
		if found {
			d.Findings = slices.Insert(d.Findings, 0, ops.Finding{Level: ops.LevelCritical, Key: ops.Clean(keyTwins), Ref: d.Ref, Since: d.Started,
				What:  ops.Lit("an old primary takes writes"),
				Cause: ops.Textf("%s is the primary of the same cluster (%s) on timeline %d, and this one on %d: what is written here is not there, and will be lost", newer.Source, d.Cluster.ID, newer.Value.Timeline(), d.Timeline()),
				Next:  words(ops.Textf("end it at once, and keep its data: what was written to it since has to be found by hand; then make it a standby of %s anew (pg_rewind, or a new copy)", newer.Source))})
		}
		j := dbJudge{d: d, now: now, found: d.Findings}
		d.Verdict = j.verdict()
		return had != found
	})
}

func isTwin(f ops.Finding) bool { return f.Key.String() == keyTwins }

// newerTwin is another primary of a primary's cluster, on a later timeline.
func newerTwin(all ops.Readings[ops.Database], of ops.Reading[ops.Database]) (newer ops.Reading[ops.Database], found bool) {
	primary := func(r ops.Reading[ops.Database]) bool {
		return r.Fresh() && !r.Value.Standby && !r.Value.Cluster.ID.Empty() && r.Value.Timeline() > 0
	}
	if !primary(of) {
		return newer, false
	}
	for _, r := range all {
		if primary(r) && r.Value.Cluster.ID == of.Value.Cluster.ID && r.Value.Timeline() > of.Value.Timeline() {
			return r, true
		}
	}
	return newer, false
}
