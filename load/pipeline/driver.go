package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"opsdeck/load"
	"opsdeck/ops"
)

// Source is what the estate says of a scenario beside its plan.
type Source struct {
	Scenario ops.Text
	Login    any // which Connect reads, once it is JSON
	Database string
	Portfolio
	Pipelines int
}

// Driver makes the load of loan pipelines, each run in a child of its own.
type Driver struct {
	load.Children
	Connect Connect
	Sources []Source
}

// order is the order of a scenario as the estate has it.
func (d Driver) order(s ops.LoadScenario) (Order, *pgx.ConnConfig, []string, error) {
	i := slices.IndexFunc(d.Sources, func(x Source) bool { return x.Scenario == s.Name })
	if i < 0 {
		return Order{}, nil, nil, ops.Errorf(ops.CodeNotFound, "%s has no database", s.Name)
	}
	src := d.Sources[i]
	login, err := json.Marshal(src.Login)
	if err != nil {
		return Order{}, nil, nil, fmt.Errorf("write login: %w", err)
	}
	o := Order{Login: login, Database: src.Database, Scenario: s.Name.String(), Portfolio: src.Portfolio, Stages: s.Stages, Warmup: s.Warmup, Pipelines: src.Pipelines,
		MaxRate: float64(s.MaxRate), MaxDuration: s.MaxDuration, AbortAfter: s.AbortAfter, Limits: s.Limits}
	for _, a := range s.Allow {
		o.Allow = append(o.Allow, a.String())
	}
	if err := o.Check(); err != nil {
		return o, nil, nil, err
	}
	cfg, hosts, err := o.config(d.Connect)
	return o, cfg, hosts, err
}

// found is the order of a scenario as the estate and its database have it now.
func (d Driver) found(ctx context.Context, s ops.LoadScenario) (Order, []string, error) {
	o, cfg, hosts, err := d.order(s)
	if err == nil {
		err = o.connected(ctx, cfg, func(c *pgx.Conn) error {
			if err := o.free(ctx, c); err != nil {
				return err
			}
			o.Found, err = o.look(ctx, c)
			return err
		})
	}
	return o, hosts, err
}

// Plan returns what a run would do. It asks the database what is there already.
func (d Driver) Plan(ctx context.Context, s ops.LoadScenario) (p ops.LoadPlan, err error) {
	o, hosts, err := d.found(ctx, s)
	if err != nil {
		return p, err
	}
	first, err := d.Step(s, o)
	if err != nil {
		return p, err
	}
	p.Steps, p.Hosts = []ops.Step{first}, hosts
	schema, database := ops.Clean(o.schema()), ops.Clean(o.Database)
	sql := func(text, note string) { // a line each
		p.Steps = append(p.Steps, ops.Step{How: ops.StepSQL, SQL: ops.Clean(strings.Join(strings.Fields(text), " ")), Note: ops.Clean(note)})
	}
	switch found := o.Found; {
	case found.Batches > 0:
		p.Notes = append(p.Notes, ops.Textf("it goes on behind batch %d of %d: %d of %s left", found.Batches, o.batches(), found.Left, ops.Count(o.Rows, "record")))
	case found.Made:
		sql(o.in("TRUNCATE S."+strings.Join(tables(), ", S.")), ops.Count(found.Records, "record")+" of an earlier run")
		p.Replaces = []ops.Text{ops.Textf("the %s of an earlier run in schema %s, and what was calculated of them", ops.Count(found.Records, "record"), schema)}
	default:
		sql("CREATE SCHEMA "+pgx.Identifier{o.schema()}.Sanitize(), "in database "+o.Database+", marked as this scenario's")
	}
	sql(o.in("COPY S.loans FROM STDIN (FORMAT csv)"), fmt.Sprintf("%s in batches of %d, each a transaction with what follows", ops.Count(o.Found.Left, "record"), o.Batch))
	for _, c := range calculations() {
		sql(o.of(c), "")
	}
	for i, st := range o.Stages {
		p.Steps = append(p.Steps, ops.Step{How: ops.StepHere, Change: ops.Textf("stage %d of %d: %s, in %s", i+1, len(o.Stages), st.Words(), ops.Count(o.Pipelines, "pipeline"))})
	}
	p.Notes = append(p.Notes, ops.Textf("synthetic loans, preset %s, seed %d; nothing is written but in schema %s of database %s, which stays until opsdeck load clean %s", o.Preset, o.Seed, schema, database, s.Name))
	return p, nil
}

// Run carries out the steps of Plan until the run ends. The end of ctx stops it, and its
// cause is why; when Run returns, nothing is written any more but by a transaction that the
// server ends by itself.
func (d Driver) Run(ctx context.Context, s ops.LoadScenario, steps []ops.Step, began func(ops.Process), each func(ops.LoadTick)) (ops.LoadRun, error) {
	o, _, err := d.found(ctx, s)
	if err != nil {
		return ops.LoadRun{}, err
	}
	return d.Children.Run(ctx, s, o, steps, began, each)
}

// removal is what removes the schema of an order with what is in it.
func (o Order) removal(r Remains) (all []ops.Step) {
	var names []string
	for _, t := range r.Tables {
		names = append(names, "S."+t)
	}
	if len(names) > 0 {
		all = append(all, ops.Step{How: ops.StepSQL, SQL: ops.Clean(o.in("DROP TABLE " + strings.Join(names, ", "))), On: []ops.Text{ops.Clean(ops.Count(r.Records, "record"))}})
	}
	return append(all, ops.Step{How: ops.StepSQL, SQL: ops.Clean("DROP SCHEMA " + pgx.Identifier{o.schema()}.Sanitize())})
}

// PlanClean says what a removal of the schema takes with it. What is not ours keeps it, and be it
// one row in a table of ours.
func (d Driver) PlanClean(ctx context.Context, s ops.LoadScenario) (p ops.LoadPlan, err error) {
	o, cfg, hosts, err := d.order(s)
	if err != nil {
		return p, err
	}
	var r Remains
	err = o.connected(ctx, cfg, func(c *pgx.Conn) error {
		if err := o.free(ctx, c); err != nil {
			return err
		}
		return looked(ctx, c, func(tx pgx.Tx) error { r, err = o.remains(ctx, tx); return err })
	})
	if err == nil && !r.Made {
		err = ops.Errorf(ops.CodeNotFound, "database %s has no schema %s", ops.Clean(o.Database), ops.Clean(o.schema()))
	}
	if err != nil {
		return p, err
	}
	p.Steps, p.Hosts = o.removal(r), hosts
	p.Replaces = []ops.Text{ops.Textf("schema %s of database %s: %s, what was calculated of them, and how far the run had come", ops.Clean(o.schema()), ops.Clean(o.Database), ops.Count(r.Records, "synthetic loan"))}
	return p, nil
}

// Clean removes the schema as planned, and sees that it is gone.
func (d Driver) Clean(ctx context.Context, s ops.LoadScenario, steps []ops.Step) error {
	o, cfg, _, err := d.order(s)
	if err != nil {
		return err
	}
	return o.connected(ctx, cfg, func(c *pgx.Conn) error {
		if _, err := o.hold(ctx, c); err != nil {
			return err
		}
		if err := o.clean(ctx, c, steps); err != nil {
			return err
		}
		var left bool
		if err := c.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", o.schema()).Scan(&left); err != nil || left {
			return ops.Errorf(ops.CodeUnanswered, "the server said that schema %s is removed, and whether it is gone is not known", ops.Clean(o.schema()))
		}
		return nil
	})
}
