package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/ops"
)

func small() Order {
	return Order{Scenario: "evening", Database: "d", Portfolio: Portfolio{Rows: 1000, Batch: 300, Preset: "normal"}, Pipelines: 1, MaxRate: 200, MaxDuration: time.Minute,
		Stages: []ops.LoadStage{{From: 100, To: 100, For: 10 * time.Second, Records: true}}}
}

func TestAnOrdersFaultsAreSaidBeforeAnythingIsAsked(t *testing.T) {
	if err := small().Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Order){
		"no records":            func(o *Order) { o.Rows = 0 },
		"a batch beyond all":    func(o *Order) { o.Batch = 1001 },
		"no pipeline":           func(o *Order) { o.Pipelines = 0 },
		"too many":              func(o *Order) { o.Pipelines = 65 },
		"no stage":              func(o *Order) { o.Stages = nil },
		"longer than it may be": func(o *Order) { o.MaxDuration = 9 * time.Second },
		"faster than it may be": func(o *Order) { o.MaxRate = 99 },
		"a ramp":                func(o *Order) { o.Stages[0].To = 150 },
		"of requests":           func(o *Order) { o.Stages[0].Records = false },
		"all of it warms up":    func(o *Order) { o.Warmup = 10 * time.Second },
		"no such preset":        func(o *Order) { o.Preset = "rosy" },
		"a name that is cut":    func(o *Order) { o.Scenario = strings.Repeat("x", 60) },
	} {
		o := small()
		if spoil(&o); ops.CodeOf(o.Check()) != ops.CodeInvalid {
			t.Errorf("%s: %v", name, o.Check())
		}
	}
}

func TestOnlyServersOfTheListAreLoaded(t *testing.T) {
	connect := By(func(dsn string) (*pgx.ConnConfig, error) { return pgx.ParseConfig(dsn) })
	for dsn, ok := range map[string]bool{
		"postgres://u@DB:5433/x?sslmode=disable":           true,
		"host=/run/postgresql port=5433 user=u dbname=x":   true, // 127.0.0.1
		"postgres://u@db:5432/x":                           false,
		"postgres://u@db:5433,other:5433/x?sslmode=prefer": false,
	} {
		o := small()
		o.Login, _ = json.Marshal(dsn)
		o.Allow = []string{"db:5433", "127.0.0.1:5433"}
		cfg, _, err := o.config(connect)
		if ok != (err == nil) || !ok && ops.CodeOf(err) != ops.CodeDenied || ok && cfg.Database != "d" {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

func TestWhatPassesIsTriedAgain(t *testing.T) {
	for state, again := range map[string]bool{"57P01": true, "57P03": true, "08006": true, "40001": true, "53300": true, "23505": true,
		"53100": false, "42501": false, "42P01": false, "28P01": false, "22003": false} {
		if passes(&pgconn.PgError{Code: state}) != again {
			t.Errorf("%s: %v", state, !again)
		}
	}
	if passes(invalid("no")) {
		t.Error("our own refusal is no matter of the moment")
	}
}

func TestARunGoesOnAtTheSameRate(t *testing.T) {
	r := run{order: small(), todo: []int64{2, 3}}
	r.order.Found = State{Made: true, Batches: 2, Left: 400}
	if total := r.plan(); total != 400 || r.order.Stages[0].For != 4*time.Second || len(r.due) != 2 || r.due[1] != 3*time.Second || small().Stages[0].For != 10*time.Second {
		t.Errorf("%d records, %v, %v", total, r.order.Stages, r.due)
	}
}

func TestPercentilesOfBatchesAreExact(t *testing.T) {
	var all []time.Duration
	for i := range 100 {
		all = append(all, time.Duration(100-i))
	}
	if got := sorted(all, true); got.N != 100 || got.P50 != 50 || got.P90 != 90 || got.P95 != 95 || got.P99 != 99 || got.Max != 100 || !got.Lower {
		t.Errorf("%+v", got)
	}
	if got := sorted(nil, false); got.N != 0 {
		t.Errorf("%+v", got)
	}
}

func TestABatchThatWaitsWhenARunEndsIsDroppedOnceAndNoOtherWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run{order: small(), todo: []int64{0, 1, 2}, due: []time.Duration{time.Hour, 0, time.Hour}, start: time.Now()}
		r.order.MaxRate = 1e6
		r.rec = newRecorder(r.order, r.start)
		ctx, cancel := context.WithCancel(t.Context())
		waits := make(chan bool)
		go func() {
			_, ok := r.take(ctx)
			waits <- ok
		}()
		synctest.Wait()
		r.begin = 0 // another pipeline, whose batch is due
		if i, ok := r.take(t.Context()); i != 1 || !ok {
			t.Fatal(i, ok)
		}
		cancel()
		if <-waits {
			t.Fatal("it was begun")
		}
		r.left(2 * time.Hour)
		if c := r.rec.run; c.Planned != 900 || c.Sent != 300 || c.Dropped != 600 {
			t.Errorf("%+v of three batches, one of them begun", c)
		}
	})
}

func TestErrorsOfAKindAreCountedTogetherWhateverTheirWords(t *testing.T) {
	r := newRecorder(small(), time.Now())
	for port := range 1000 {
		r.failed(0, 300, fmt.Errorf("read tcp 127.0.0.1:%d->127.0.0.1:5432: connection reset by peer", 40_000+port))
		r.failed(0, 300, &pgconn.PgError{Code: "57P01", Message: fmt.Sprint("terminated by ", port)})
	}
	if all := r.failures(); len(all) != 2 || all[0].Count != 1000 || all[1].Count != 1000 {
		t.Errorf("%d kinds", len(all))
	}
}
