package sim

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"opsdeck/internal/pgfake"
)

// databaseScript is the shop's PostgreSQL: who is at work in it, and what it says to
// questions whose answer does not change with what happens.
type databaseScript struct {
	Version  string
	Name     string
	Sessions []sessionScript
	Answers  []answerScript
}

type sessionScript struct {
	PID             int
	User, App, From string
	State           string
	For             span   // in which it goes on to the next statement
	During          string // an episode: it is there only then, and in one transaction
	Wait            string // what it waits for, in the server's words
	By              int    // the pid that it waits for; 0: for nobody's lock
	SQL             string
}

// answerScript is the reply to statements with certain words. In a value {ago 5m} is the
// time so long ago; no value is NULL.
type answerScript struct {
	Of    string
	Types []string
	Rows  [][]*string
}

// server is the simulated database, guarded by the world's lock.
type server struct {
	w          *World
	script     *databaseScript
	checkpoint time.Time         // when the last one was
	ended      map[int]int       // by pid of the script: how many sessions of it were ended by hand
	begun      map[int]time.Time // and when the one that came in its place connected
	canceled   map[int]time.Time
}

func newServer(w *World) *server {
	return &server{w: w, script: &w.script.Database, checkpoint: w.begin, ended: map[int]int{}, begun: map[int]time.Time{}, canceled: map[int]time.Time{}}
}

// unanswered is what a statement gets that nobody wrote an answer for.
type unanswered struct{}

func (unanswered) Errorf(string, ...any) {} // the client is told

// servePostgres serves the database on loopback until the end.
func (s *Servers) servePostgres(ctx context.Context, w *World) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fake := pgfake.Start(unanswered{}, w.script.Database.Version)
	fake.AnswerWith("", w.server.reply)
	fake.Serve(l)
	s.Postgres = "postgres://opsdeck@" + l.Addr().String() + "/" + w.script.Database.Name + "?sslmode=disable"
	s.wg.Go(func() {
		<-ctx.Done()
		fake.Close()
	})
	return nil
}

// types of the rows that are made here, in the order of the collector's questions.
var serverReplies = map[string]string{
	"server":   "timestamptz timestamptz bool bool text int4 int4 bool text int8 text bool int8 text text",
	"sessions": "int4 timestamptz text text text text text timestamptz timestamptz timestamptz text bool timestamptz _int4 text text bool text text int4 bool bool",
	"archiver": "bool int8 int8 timestamptz text timestamptz text",
	"cluster":  "text int4 int8 int8",
	"ready":    "int8",
	"text":     "text",
	"acted":    "int4 bool",
	"lock":     "text text bool text",
}

func answered(kind string, rows ...[]any) pgfake.Reply {
	r := pgfake.Reply{Rows: rows}
	for i, t := range strings.Fields(serverReplies[kind]) {
		r.Columns = append(r.Columns, pgfake.Column{Name: fmt.Sprint("c", i), Type: t})
	}
	return r
}

// reply is what the database says to a statement.
func (d *server) reply(sql string) pgfake.Reply {
	d.w.mu.Lock()
	defer d.w.mu.Unlock()
	now := d.w.now()
	d.w.advance(now)
	a := d.w.archive
	switch has := func(words string) bool { return strings.Contains(sql, words) }; {
	case has("pg_postmaster_start_time"):
		at := d.position(now)
		return answered("server", []any{now, d.w.started(), false, false, "opsdeck", 100, 3, true, lsn(0, at), at, "replica", true, 1, "", "5432"})
	case has("waits AS MATERIALIZED"):
		return d.sessions(now)
	case has("pg_stat_archiver"):
		n := a.archived(now) - 1
		return answered("archiver", []any{true, n - base, 0, a.filled(n, now), walName(n), nil, ""})
	case has("pg_control_system"):
		return answered("cluster", []any{d.w.script.Backups.Cluster, 1, segmentBytes, int(a.script.Segment.d().Seconds())})
	case has("pg_ls_archive_statusdir"):
		return answered("ready", []any{a.segment(now) - a.archived(now)})
	case has("pg_terminate_backend"), has("pg_cancel_backend"):
		return d.act(sql, now)
	case has("CHECKPOINT"):
		d.checkpoint = now
		return pgfake.Reply{}
	case has("SELECT checkpoint_lsn"):
		return answered("text", []any{lsn(0, d.position(d.checkpoint))})
	case has("pg_walfile_name"):
		return answered("text", []any{walName(a.segment(now))})
	case has("SELECT pg_switch_wal"):
		a.switches = append(a.switches, now)
		return answered("text", []any{lsn(a.segment(now), 0)})
	case has("SELECT left(query"):
		return d.query(sql, now)
	case has("FROM pg_locks h"):
		return d.locks(sql, now)
	}
	return d.scripted(sql, now)
}

// scripted is an answer that the script gives.
func (d *server) scripted(sql string, now time.Time) pgfake.Reply {
	for _, a := range d.script.Answers {
		if !strings.Contains(sql, a.Of) {
			continue
		}
		r := pgfake.Reply{}
		for i, t := range a.Types {
			r.Columns = append(r.Columns, pgfake.Column{Name: fmt.Sprint("c", i), Type: t})
		}
		for _, values := range a.Rows {
			row := make([]any, len(values))
			for i, v := range values {
				if v != nil {
					row[i] = ago(*v, now)
				}
			}
			r.Rows = append(r.Rows, row)
		}
		return r
	}
	return pgfake.Reply{} // SET, and what else has no rows
}

// ago is a value of the script at a moment.
func ago(v string, now time.Time) any {
	if text, is := strings.CutPrefix(v, "{ago "); is {
		if d, err := time.ParseDuration(strings.TrimSuffix(text, "}")); err == nil {
			return now.Add(-d)
		}
	}
	return v
}

// position is where the database is with its WAL: segments fill evenly.
func (d *server) position(t time.Time) int64 {
	each := d.w.script.Backups.Segment.d()
	return d.w.archive.segment(t)*segmentBytes + int64(float64(segmentBytes)*float64(t.Sub(d.w.archive.since)%each)/float64(each))
}

// act ends sessions or what they do, and says of which.
func (d *server) act(sql string, now time.Time) pgfake.Reply {
	r := answered("acted")
	for _, s := range d.live(now) {
		if !strings.Contains(sql, fmt.Sprintf("(%d, timestamptz '", s.pid)) {
			continue
		}
		r.Rows = append(r.Rows, []any{s.pid, true})
		if strings.Contains(sql, "pg_cancel_backend") {
			d.canceled[s.script.PID] = now
			continue
		}
		d.ended[s.script.PID]++
		d.begun[s.script.PID] = now
		if e := s.script.During; e != "" && s.script.By == 0 { // nobody holds up the others any more
			d.w.cure(d.w.named(e).Container, now)
		}
	}
	return r
}

var wholePID = regexp.MustCompile(`pid = (\d+)`)

// asked is the session that a statement asks for.
func (d *server) asked(sql string, now time.Time) (live, bool) {
	if m := wholePID.FindStringSubmatch(sql); m != nil {
		pid, _ := strconv.Atoi(m[1]) // too long for a number is no session's
		for _, s := range d.live(now) {
			if s.pid == pid {
				return s, true
			}
		}
	}
	return live{}, false
}

func (d *server) query(sql string, now time.Time) pgfake.Reply {
	if s, found := d.asked(sql, now); found {
		return answered("text", []any{s.script.SQL})
	}
	return answered("text")
}

func (d *server) locks(sql string, now time.Time) pgfake.Reply {
	r := answered("lock")
	if s, found := d.asked(sql, now); found && s.script.During != "" {
		r.Rows = append(r.Rows, []any{"relation", "RowExclusiveLock", true, "orders_batch"}, []any{"transactionid", "ShareLock", s.script.By == 0, "742913"})
	}
	return r
}
