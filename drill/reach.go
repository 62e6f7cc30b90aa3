package drill

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// standing is how the copy's server stands.
type standing struct {
	recovering, paused bool
	waiting            bool // for WAL that there is nowhere
	at                 ops.LSN
	last               time.Time // of the last transaction that was replayed; zero: there was none
}

const standingSQL = `SELECT pg_is_in_recovery(), CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END,
	coalesce((SELECT wait_event = 'RecoveryRetrieveRetryInterval' FROM pg_stat_activity WHERE backend_type = 'startup'), false),
	coalesce(pg_last_wal_replay_lsn()::text, '0/0'), pg_last_xact_replay_timestamp()`

// stands reads that.
func (v *server) stands(ctx context.Context, c *pgx.Conn) (s standing, err error) {
	var at string
	var last *time.Time
	if err = c.QueryRow(ctx, standingSQL).Scan(&s.recovering, &s.paused, &s.waiting, &at, &last); err != nil {
		return s, v.silent(ctx, err)
	}
	if last != nil {
		s.last = last.UTC()
	}
	s.at, err = ops.ParseLSN(at)
	return s, err
}

// replayEvery is the pace of looking how far the replay is.
const replayEvery = 200 * time.Millisecond

// replays waits until there says that the copy stands where it is to stand, or why it does
// not. That a server runs says nothing.
func (v *server) replays(ctx context.Context, account string, there func(context.Context, *server, *pgx.Conn) (bool, error)) error {
	tick := time.NewTicker(replayEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if !proc.Alive(v.at) {
			return v.s.blame(serverEnded, v.last())
		}
		conn, err := v.login(ctx, account, everyCluster)
		if notYet(err) {
			continue // where it ends instead, that is seen above
		}
		if err != nil {
			return v.silent(ctx, err)
		}
		stands, err := there(ctx, v, conn)
		_ = conn.Close(ctx) // it was read
		if err != nil || stands {
			return err
		}
	}
}

// there reports whether the copy has come to where it is to stand. Error: it stands elsewhere.
func (c *copying) there(ctx context.Context, v *server, conn *pgx.Conn) (bool, error) {
	at, err := v.stands(ctx, conn)
	if err != nil {
		return false, err
	}
	c.doing("replaying, at " + at.at.String())
	c.out.Reached, c.out.Last = at.at, at.last
	switch {
	case !at.recovering:
		return false, wrong("the copy has left recovery at %s without being told to", at.at)
	case c.Target.Kind == ops.RestoreLatest && !at.paused:
		if !at.waiting {
			return false, nil
		}
		if why := v.last(); why != "" {
			return false, c.s.blame("the WAL could not be read to its end, at "+at.at.String(), why)
		}
		if at.at < c.Reach.LSN { // what lies between is not there
			return false, wrong("the WAL ends at %s, and the repository has more of it, up to %s at the least: a segment between is missing", at.at, c.Reach.LSN)
		}
		_, err := conn.Exec(ctx, "SELECT pg_wal_replay_pause()") // or it would follow the archive
		c.halted = err == nil
		return false, err
	case !at.paused:
		return false, nil
	}
	stop, err := v.stopped(at.at)
	if err != nil {
		return false, err
	}
	c.out.Stop, c.out.Timeline = stop.words, stop.timeline
	return true, c.compare(at, stop)
}

// compare is an error where the copy does not stand where it was asked to. A server pauses
// for other reasons too, so its own word for why it stopped has to be there.
func (c *copying) compare(at standing, stop stop) error {
	t := c.Target
	switch {
	case at.at < c.Reach.LSN:
		return wrong("the copy stands at %s, which is before %s", at.at, c.Reach.LSN)
	case t.Kind == ops.RestoreLatest && c.halted:
	case stop.words.Empty():
		return wrong("the copy stands at %s, and its server does not say that it has reached the target", at.at)
	case stop.kind != t.Kind:
		return wrong("the copy has stopped for another reason than the target: %s", stop.words)
	case t.Kind == ops.RestoreName && stop.name != t.Name.String(), t.Kind == ops.RestoreLSN && stop.at < t.LSN:
		return wrong("the copy has stopped at another target: %s", stop.words)
	case t.Kind == ops.RestoreLSN && !t.Exclusive && at.at < t.LSN:
		return wrong("the copy stands at %s, which is before %s", at.at, t.LSN)
	case t.Kind == ops.RestoreTime && (at.last.After(t.Time) || t.Exclusive && at.last.Equal(t.Time)):
		return wrong("the copy has a transaction of %s, which is after %s", at.last.Format(time.RFC3339Nano), t.Value())
	}
	return onTimeline(stop.timeline, c.Reach.Timeline, at.at)
}

// onTimeline is an error where a copy stands on a timeline before the one that it had to come
// to: where the way there is lost, a server goes on along the one that was left, and comes to
// the same positions with what was written there.
func onTimeline(stands, wanted uint32, at ops.LSN) error {
	if stands < wanted {
		return wrong("the copy stands on timeline %d, at %s, and was to go along timeline %d: what leads there is lost", stands, at, wanted)
	}
	return nil
}

// promote lets the copy take writes, and looks whether it does.
func (c *copying) promote(ctx context.Context, v *server) error {
	conn, err := v.login(ctx, c.Account, everyCluster)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // it was asked what it was asked
	var done, recovering bool
	if err := conn.QueryRow(ctx, "SELECT pg_promote(wait_seconds => 600)").Scan(&done); err != nil {
		return wrong("the copy cannot be promoted: %s", ops.Clean(err.Error()))
	}
	if err := conn.QueryRow(ctx, "SELECT pg_is_in_recovery()").Scan(&recovering); err != nil || !done || recovering {
		return wrong("the copy was promoted, and is in recovery still: %v", err)
	}
	for _, sql := range []string{"SET default_transaction_read_only = off", ops.WriteCheckSQL} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return wrong("the copy was promoted, and takes no writes: %s", ops.Clean(err.Error()))
		}
	}
	c.out.Promoted = true
	return nil
}

// stop is where a server says that its recovery has stopped.
type stop struct {
	words    ops.Text
	kind     ops.RestoreKind
	name     string  // of a restore point
	at       ops.LSN // where the record begins, of a position
	timeline uint32  // of the segment that the copy stands in
}

// What a server says of it.
var (
	stopsAt    = regexp.MustCompile(`LOG:  (recovery stopping (?:(before (?:commit|abort)) of transaction .*|(?:before|after) WAL location \(LSN\) "([0-9A-F/]+)"|at restore point "(.*)", time .*|after (reaching consistency)))$`)
	restoredIs = regexp.MustCompile(`LOG:  restored log file "([0-9A-F]{24})" from archive`)
)

// stopped reads from the server's log why it stopped where it stands. A position lies in the
// segment that was fetched last for it: one behind it may have been fetched ahead.
func (v *server) stopped(at ops.LSN) (s stop, err error) {
	s.timeline = v.timeline
	text, err := os.ReadFile(v.s.file(logFile))
	if err != nil {
		return s, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if m := restoredIs.FindStringSubmatch(lines.Text()); m != nil {
			if w, err := ops.ParseWALName(m[1], v.segment); err == nil && ops.SegmentStart(w.Segment, v.segment) < at {
				s.timeline = w.Timeline
			}
		}
		m := stopsAt.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		s.words = ops.Clean(m[1])
		switch {
		case m[2] != "":
			s.kind = ops.RestoreTime
		case m[3] != "":
			s.kind = ops.RestoreLSN
			if s.at, err = ops.ParseLSN(m[3]); err != nil {
				return s, err
			}
		case m[5] != "":
			s.kind = ops.RestoreBackup
		default:
			s.kind, s.name = ops.RestoreName, m[4]
		}
	}
	return s, nil
}
