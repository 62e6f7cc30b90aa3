package dbload

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/lab/internal/layout"
)

// The loads. Each is also the name of its fault.
const (
	LockChain = "lock-chain"
	IdleInTx  = "idle-in-transaction"
	Exhausted = "connections-exhausted"
	SlowQuery = "slow-query"
)

const (
	tooMany   = "53300" // SQLSTATE: no connection is left
	fillFor   = 3 * time.Second
	fillAgain = 100 * time.Millisecond
)

// Load is one way to burden the server.
type Load struct {
	Name string
	// Apps are the names its sessions bear in pg_stat_activity, and no others.
	Apps  []string
	start func(ctx context.Context, s *sessions) error
}

// Table lists the loads.
func Table() []Load {
	return []Load{
		{Name: LockChain, start: lockChain, Apps: []string{"nightly-close", "stage-writer", "ecl-writer", "report-reader", "scenario-writer", "psql-by-hand", "limits-writer"}},
		{Name: IdleInTx, start: idleInTransaction, Apps: []string{"ifrs9-debugger"}},
		{Name: Exhausted, start: exhaust, Apps: []string{"ifrs9-reporter"}},
		{Name: SlowQuery, start: slowQuery, Apps: []string{"ifrs9-integrator"}},
	}
}

// Find gives the load of that name.
func Find(name string) (Load, error) {
	var known []string
	for _, load := range Table() {
		if load.Name == name {
			return load, nil
		}
		known = append(known, load.Name)
	}
	return Load{}, fmt.Errorf("no load named %q; there are %s", name, strings.Join(known, ", "))
}

// Run brings the load about and holds it until ctx ends, or until the server
// has ended every session: it went down, or somebody terminated them, which is
// how the fault is mended.
func (load Load) Run(ctx context.Context, l layout.Layout) error {
	if err := prepare(ctx, l); err != nil {
		return err
	}
	s := &sessions{l: l}
	if err := load.start(ctx, s); err != nil {
		return fmt.Errorf("%s: %w", load.Name, err)
	}
	s.live.Wait()
	return nil
}

// lockChain is two trees. The first is four deep and has a second branch:
//
//	nightly-close <- stage-writer <- ecl-writer <- report-reader
//	              <- scenario-writer
//	psql-by-hand  <- limits-writer
//
// Both roots are idle in their transactions.
func lockChain(ctx context.Context, s *sessions) error {
	for _, step := range []struct {
		app   string
		holds []int
		wants int // of a session further up
	}{
		{"nightly-close", []int{1, 2}, 0},
		{"stage-writer", []int{3}, 1},
		{"ecl-writer", []int{4}, 3},
		{"report-reader", nil, 4},
		{"scenario-writer", nil, 2},
		{"psql-by-hand", []int{11}, 0},
		{"limits-writer", nil, 11},
	} {
		next := idle
		if step.wants > 0 {
			next = executes(touch(step.wants))
		}
		if err := s.begin(ctx, step.app, step.holds, next); err != nil {
			return err
		}
	}
	return nil
}

func idleInTransaction(ctx context.Context, s *sessions) error {
	for loan := 21; loan < 24; loan++ {
		if err := s.begin(ctx, "ifrs9-debugger", []int{loan}, idle); err != nil {
			return err
		}
	}
	return nil
}

// exhaust opens sessions until no more are given. It goes on for a moment, to
// take the place of others that were just leaving, and then no more: when its
// sessions are ended, the fault is mended.
func exhaust(ctx context.Context, s *sessions) error {
	until := time.Now().Add(fillFor)
	for time.Now().Before(until) {
		err := s.run(ctx, "ifrs9-reporter", nil, idle)
		var refused *pgconn.PgError
		switch {
		case errors.As(err, &refused) && refused.Code == tooMany:
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(fillAgain):
			}
		case err != nil:
			return err
		}
	}
	return nil
}

// slowQuery sleeps instead of computing: the server shows the same, and the
// machine's cores stay free.
func slowQuery(ctx context.Context, s *sessions) error {
	const sql = "SELECT stage, sum(exposure) FROM ifrs9.loans, pg_sleep(7200) GROUP BY stage"
	return s.run(ctx, "ifrs9-integrator", nil, executes(sql))
}
