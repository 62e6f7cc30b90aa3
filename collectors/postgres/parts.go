package postgres

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"opsdeck/ops"
)

// clockSlack is how far the server's clock may be from ours before times are
// corrected for it: below it the correction would only make them tremble.
const clockSlack = 2 * time.Second

func readServer(r *reading, row row) error {
	var theirs time.Time
	var host, port string
	d := &r.out
	if err := row.Scan(&theirs, timeTo{to: &d.Started}, &d.Standby, &d.Paused, textTo{&d.Login}, &d.Use.Max, &d.Use.Reserved,
		&r.sees, textTo{&d.WAL.Position}, &r.lsn, textTo{&d.WAL.Level}, &r.tracks, &d.WAL.Timeline, &host, &port); err != nil {
		return err
	}
	d.Addresses = r.addresses(host, port)
	if ahead := theirs.Sub(r.now); ahead.Abs() > clockSlack {
		r.ahead = ahead.Round(time.Second)
		d.Started = d.Started.Add(-r.ahead)
	}
	return nil
}

func readLimit(r *reading, row row) error {
	x := ops.ConnectionLimit{Of: ops.LimitRole}
	var database bool
	err := row.Scan(&database, textTo{&x.Name}, &x.Limit, &x.Used)
	if database {
		x.Of = ops.LimitDatabase
	}
	r.out.Limits = append(r.out.Limits, x)
	return err
}

func readUpstream(r *reading, row row) error {
	u := &r.out.Upstream
	var port int
	err := row.Scan(&u.Hidden, &u.Told, &u.Archive, &u.Receiving, textTo{&u.State}, textTo{&u.Host}, textTo{&u.Slot}, r.moment(&u.Heard), textTo{&u.Received},
		&r.streamed, &r.replayed, r.moment(&u.Replayed), &port)
	if u.Receiving && port > 0 {
		u.From = address(u.Host.String(), strconv.Itoa(port))
	}
	return err
}

func address(host, port string) ops.Text { return ops.CleanMasked(net.JoinHostPort(host, port)) }

// addresses are those that the server is known by: the one that it was reached at, and its
// own, which another network may lead to.
func (r *reading) addresses(host, port string) []ops.Text {
	var all []ops.Text
	if r.at != "" {
		all = append(all, ops.CleanMasked(r.at))
	}
	if own := address(host, port); host != "" && !slices.Contains(all, own) {
		all = append(all, own)
	}
	return all
}

func readReplica(r *reading, row row) error {
	var x ops.Replica
	var replayed *int64
	var said *float64
	err := row.Scan(textTo{&x.Name}, textTo{&x.Client}, textTo{&x.State}, textTo{&x.Sync}, figureTo{&x.Behind}, figureTo{&x.Sent}, &replayed, &said, textTo{&x.Slot})
	x.Hidden = x.State.Empty()
	r.out.Replicas = append(r.out.Replicas, x)
	r.lags = append(r.lags, replay{replayed, said})
	return err
}

func readSlot(r *reading, row row) error {
	var s ops.Slot
	err := row.Scan(textTo{&s.Name}, textTo{&s.Kind}, textTo{&s.Database}, &s.Active, figureTo{&s.Retains}, textTo{&s.Status}, figureTo{&s.Left}, textTo{&s.Lost}, &s.Synced, r.moment(&s.Idle))
	r.out.Slots = append(r.out.Slots, s)
	return err
}

func readArchiver(r *reading, row row) error {
	a := &r.out.Archiver
	return row.Scan(&a.On, figureTo{&a.Archived}, figureTo{&a.Failed}, r.moment(&a.LastGood), textTo{&a.LastFile}, r.moment(&a.LastFailed), textTo{&a.FailedFile})
}

func readCluster(r *reading, row row) error {
	c := &r.out.Cluster
	return row.Scan(textTo{&c.ID}, &c.Timeline, figureTo{&c.Segment}, figureTo{&c.Timeout})
}

func readReady(r *reading, row row) error { return row.Scan(figureTo{&r.out.Archiver.Ready}) }

func readWALSize(r *reading, row row) error {
	w := &r.out.WAL
	err := row.Scan(figureTo{&w.Size})
	if w.Size.Known {
		w.Growth = r.wal.grown(r.now, w.Size.Value, walGrowthOver, walGrowthLeast)
	}
	return err
}

func readCheckpoints(r *reading, row row) error {
	c := &r.out.Checkpoints
	return row.Scan(r.moment(&c.Last), figureTo{&c.Timed}, figureTo{&c.Requested}, figureTo{&c.Write}, figureTo{&c.Sync})
}

func readSize(r *reading, row row) error {
	var s ops.DatabaseSize
	err := row.Scan(textTo{&s.Name}, figureTo{&s.Size})
	if s.Size.Known {
		s.Growth = r.grown(r.now, s.Name.String(), s.Size.Value)
	}
	r.out.Sizes = append(r.out.Sizes, s)
	return err
}

func readFreeze(r *reading, row row) error {
	f := &r.out.Freeze
	return row.Scan(textTo{&f.Database}, figureTo{&f.Age}, figureTo{&f.MultiAge}, figureTo{&f.From})
}

func readTable(r *reading, row row) error {
	var t ops.TableVacuum
	err := row.Scan(textTo{&t.Name}, figureTo{&t.Dead}, figureTo{&t.Live}, r.moment(&t.Vacuumed), r.moment(&t.Analyzed))
	r.out.Tables = append(r.out.Tables, t)
	return err
}

func readRights(r *reading, row row) error { return row.Scan(rightsTo(&r.out.Rights)...) }

func rightsTo(x *ops.Rights) []any {
	return []any{textTo{&x.Login}, &x.Superuser, &x.Sees, &x.Signal, &x.Checkpoint, &x.SwitchWAL}
}

func readExtension(r *reading, row row) error {
	var version string
	err := row.Scan(&version, &r.ext.schema)
	r.ext.version = extensionNumber(version)
	return err
}

// extensionNumber makes 110 of "1.10".
func extensionNumber(s string) int {
	major, minor, _ := strings.Cut(s, ".")
	a, _ := strconv.Atoi(major) // a version that is no number is an old one
	b, _ := strconv.Atoi(minor)
	return a*100 + b
}

func readStatement(r *reading, row row) error {
	var s ops.Statement
	err := row.Scan(sqlTo{&s.SQL}, textTo{&s.User}, figureTo{&s.Calls}, figureTo{&s.Total}, figureTo{&s.Mean}, figureTo{&s.Rows})
	r.out.Statements = append(r.out.Statements, s)
	return err
}
