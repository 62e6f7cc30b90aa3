package drill

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/ops"
)

// alike are settings by which the source and a copy write the same value in the same way,
// whoever asks. A row that the login may not see is an error, and not one row less.
var alike = map[string]string{"TimeZone": "UTC", "DateStyle": "ISO, YMD", "IntervalStyle": "postgres", "extra_float_digits": "1", "bytea_output": "hex", "row_security": "off",
	"client_encoding": "UTF8", "standard_conforming_strings": "on", "default_transaction_read_only": "on"}

// askingTime bounds one question to the source, which has better things to do.
const askingTime = time.Minute

// steadyTries is how often a point is made, for one around which no answer changes; within
// steadyTime, so that dear questions are not asked again.
const (
	steadyTries = 20
	steadyTime  = 3 * time.Second
	// quietTries is how often one is made for one around which no transaction ends, too.
	quietTries = 5
)

// endingTries is how often it is looked, at the pace of endingEvery, whether those have ended
// that were at work when a point was made.
const (
	endingTries = 100
	endingEvery = 20 * time.Millisecond
)

// Mark asks a source what the checks want to know of it, and makes a point in its WAL. Each is
// asked before the point and behind it: what was committed when the first answer was given lies
// before the point in the WAL, and all that lies before the point is committed when the second
// is given. So of what only grows a copy has what lies between the two. What comes and goes may
// have been otherwise at the point, though both are the same: only where no transaction ended
// from the first to the second do they say what a copy has to hold. Else they are in doubt, as
// they are where some were about to commit and did not come to it: those may lie before the
// point, and were never seen.
func Mark(ctx context.Context, cfg *pgx.ConnConfig, checks []ops.RestoreCheck) (p ops.SourcePoint, err error) {
	s := &source{cfg: cfg, sessions: map[string]*pgx.Conn{}}
	defer s.leave(ctx)
	for _, q := range checks {
		if q.Source {
			p.Checks = append(p.Checks, q)
		}
	}
	for began, try := time.Now(), 0; ; try++ {
		if err := s.around(ctx, &p); err != nil {
			return p, err
		}
		if steady(p.Checks) && (p.Doubt.Empty() || try >= quietTries) || try == steadyTries || time.Since(began) > steadyTime {
			break
		}
	}
	for i, q := range p.Checks {
		p.Checks[i].Doubt = p.Doubt
		if !q.Comparable() {
			return p, ops.Errorf(ops.CodeUnavailable, "the source answers the check %s otherwise each time: no copy can be compared with that", q.Name).
				Help("ask for a number or a time that grows, or for what stands still for a moment: drill.checks of the plan")
		}
	}
	s.sends(ctx)
	return p, nil
}

func steady(checks []ops.RestoreCheck) bool {
	for _, q := range checks {
		if q.Want != q.After {
			return false
		}
	}
	return true
}

// source is a server that is asked, in a session for each database.
type source struct {
	cfg      *pgx.ConnConfig
	sessions map[string]*pgx.Conn
	home     *pgx.Conn // where points are made: the first
}

// around asks all before a point and behind it, and tells whether that can be doubted.
func (s *source) around(ctx context.Context, p *ops.SourcePoint) (err error) {
	var before string
	if err := s.reads(ctx, p.Checks[0].Database, &before, workSQL); err != nil {
		return err
	}
	for i := range p.Checks {
		if p.Checks[i].Want, err = s.asks(ctx, p.Checks[i]); err != nil {
			return err
		}
	}
	left, err := s.point(ctx, p)
	if err != nil {
		return err
	}
	for i := range p.Checks {
		if p.Checks[i].After, err = s.asks(ctx, p.Checks[i]); err != nil {
			return err
		}
	}
	var ended int
	if err := s.reads(ctx, p.Checks[0].Database, &ended, endedSQL, before); err != nil {
		return err
	}
	p.Doubt = doubt(left, ended)
	return nil
}

// doubt says why answers may not be those of the point that they were given around, where so
// many transactions were left at work, and so many ended: one is ours.
func doubt(left, ended int) ops.Text {
	switch {
	case left > 0:
		return ops.Lit("transactions were committing at the point")
	case ended != 1:
		return ops.Lit("transactions ended around the point")
	}
	return ops.Text{}
}

// reads reads one value that says who is at work.
func (s *source) reads(ctx context.Context, database string, to any, sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, askingTime)
	defer cancel()
	c, err := s.session(ctx, database)
	if err == nil {
		err = c.QueryRow(ctx, sql, args...).Scan(to)
	}
	if err != nil {
		return notAsked("who is at work", err)
	}
	return nil
}

// asks asks one question.
func (s *source) asks(ctx context.Context, q ops.RestoreCheck) (ops.Text, error) {
	ctx, cancel := context.WithTimeout(ctx, askingTime)
	defer cancel()
	c, err := s.session(ctx, q.Database)
	if err == nil {
		var got string
		if got, err = answer(ctx, c, q); err == nil {
			return ops.Clean(got), nil
		}
	}
	return ops.Text{}, notAsked(fmt.Sprintf("the check %s", q.Name), err)
}

func notAsked(what string, err error) error {
	return ops.Errorf(ops.CodeUnavailable, "the source could not be asked for %s: %s", what, ops.MaskSecrets(ops.Clean(err.Error()).String())).
		Help("let the login of the database source read what the checks ask for; or take source out of drill.checks of the plan, and say what they want")
}

// session is one in a database, of a server that takes writes.
func (s *source) session(ctx context.Context, database string) (*pgx.Conn, error) {
	if c := s.sessions[database]; c != nil {
		return c, nil
	}
	cfg := s.cfg.Copy()
	cfg.Database, cfg.DefaultQueryExecMode = database, pgx.QueryExecModeSimpleProtocol
	for name, value := range alike {
		cfg.RuntimeParams[name] = value
	}
	cfg.RuntimeParams["application_name"], cfg.RuntimeParams["statement_timeout"] = "opsdeck drill", strconv.FormatInt(askingTime.Milliseconds(), 10)
	cfg.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	c, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s.sessions[database] = c
	if s.home == nil {
		s.home = c
	}
	return c, nil
}

// A point is a record of ours, which changes nothing and needs no right. Who is at work then is
// told by a snapshot behind the end of a transaction that began later: it lists no newer ones
// than such as have ended.
const (
	pointSQL = `SELECT p::text, ('x' || substr(pg_walfile_name(p), 1, 8))::bit(32)::int, (SELECT system_identifier FROM pg_control_system())::text
		FROM pg_logical_emit_message(false, 'opsdeck', 'drill') p`
	laterSQL  = `SELECT pg_current_xact_id()::text`
	workSQL   = `SELECT pg_current_snapshot()::text`
	workedSQL = `SELECT count(*) FROM pg_snapshot_xip($1::pg_snapshot) x WHERE NOT pg_visible_in_snapshot(x, pg_current_snapshot())`
	// Those that have ended since a snapshot: all that are newer than it, without the ones at
	// work, and those that were at work then.
	endedSQL = `SELECT pg_snapshot_xmax(n)::text::bigint - pg_snapshot_xmax(w)::text::bigint
		- (SELECT count(*) FROM pg_snapshot_xip(n) x WHERE x >= pg_snapshot_xmax(w)) + (SELECT count(*) FROM pg_snapshot_xip(w) x WHERE pg_visible_in_snapshot(x, n))
		FROM pg_current_snapshot() n, CAST($1 AS pg_snapshot) w`
)

// point makes a point, and waits for those that are about to commit: the commit of one may lie
// before the point and be seen a little later. Who takes longer is left at work: it may not be
// about to, or may wait for its standby.
func (s *source) point(ctx context.Context, p *ops.SourcePoint) (left int, err error) {
	ctx, cancel := context.WithTimeout(ctx, askingTime)
	defer cancel()
	var at, cluster, later, work string
	err = s.home.QueryRow(ctx, pointSQL).Scan(&at, &p.Timeline, &cluster)
	if err == nil {
		err = s.home.QueryRow(ctx, laterSQL).Scan(&later)
	}
	if err == nil {
		err = s.home.QueryRow(ctx, workSQL).Scan(&work)
	}
	if err == nil {
		p.LSN, err = ops.ParseLSN(at)
	}
	p.Cluster, p.At = ops.Clean(cluster), time.Now()
	for try := 0; err == nil && try < endingTries; try++ {
		if err = s.home.QueryRow(ctx, workedSQL, work).Scan(&left); err == nil && left == 0 {
			return 0, nil
		}
		select {
		case <-ctx.Done():
			return left, ctx.Err()
		case <-time.After(endingEvery):
		}
	}
	if err != nil {
		return left, notAsked("a point in its WAL", err)
	}
	return left, nil
}

// sends has the segment of the point archived at once, where the login may: else that happens
// when it is full, or its time has come.
func (s *source) sends(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askingTime)
	defer cancel()
	_, _ = s.home.Exec(ctx, "SELECT pg_switch_wal()")
}

func (s *source) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for _, c := range s.sessions {
		_ = c.Close(ctx) // it was asked
	}
}

// longestAnswer is what is kept of an answer.
const longestAnswer = 200

// answer is what a server says to a check: the text of the first column of the first row. Of one
// that is compared with another, and is too long or not fit to be shown, a sum stands for all.
func answer(ctx context.Context, c *pgx.Conn, q ops.RestoreCheck) (string, error) {
	rows, err := c.Query(ctx, q.SQL)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	if !rows.Next() {
		return "no row", rows.Err()
	}
	values := rows.RawValues()
	if len(values) == 0 {
		return "no column", nil
	}
	got := string(values[0])
	if q.Source && values[0] == nil {
		return "no value", nil
	}
	if q.Source && (len(got) > longestAnswer || ops.Clean(got).String() != got) {
		sum := sha256.Sum256(values[0])
		return fmt.Sprintf("%s... (sha256 %x)", ops.Clean(got[:min(len(got), longestAnswer/4)]), sum), nil
	}
	return got[:min(len(got), longestAnswer)], nil
}
