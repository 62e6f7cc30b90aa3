package pipeline

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/load"
	"opsdeck/load/loans"
	"opsdeck/ops"
)

// Order is everything a run needs to know. Its login may be secret: it goes to the child
// over a pipe, and into no history.
type Order struct {
	Login    json.RawMessage `json:"login"` // as Connect takes it
	Database string          `json:"database"`
	Scenario string          `json:"scenario"` // whose schema it is
	Allow    []string        `json:"allow"`    // servers, host:port
	Portfolio
	Stages      []ops.LoadStage `json:"stages"` // of records
	Warmup      time.Duration   `json:"warmup,omitzero"`
	Pipelines   int             `json:"pipelines"` // batches at once
	MaxRate     float64         `json:"max_rate"`  // records a second
	MaxDuration time.Duration   `json:"max_duration"`
	AbortAfter  int             `json:"abort_after,omitzero"`
	Limits      []ops.LoadLimit `json:"limits,omitempty"`
	Found       State           `json:"found"` // what the plan was made on
}

// Portfolio is which loans are loaded.
type Portfolio struct {
	Rows   int64  `json:"rows"`
	Batch  int64  `json:"batch"` // records
	Preset string `json:"preset"`
	Seed   uint64 `json:"seed"`
}

// batches is how many there are.
func (p Portfolio) batches() int64 { return (p.Rows + p.Batch - 1) / p.Batch }

// span is the number of the first record of a batch, from 0, and how many it has.
func (p Portfolio) span(batch int64) (first, rows int64) {
	first = batch * p.Batch
	return first, min(p.Batch, p.Rows-first)
}

// Connect reads a login.
type Connect func(login json.RawMessage) (*pgx.ConnConfig, error)

// By makes a Connect of what reads logins of a type.
func By[L any](config func(L) (*pgx.ConnConfig, error)) Connect {
	return func(text json.RawMessage) (*pgx.ConnConfig, error) {
		var l L
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("read login: %w", err)
		}
		return config(l)
	}
}

// mostPipelines is how many connections a run may take.
const mostPipelines = 64

// Check reports what is wrong with an order, before anything is asked.
func (o Order) Check() error {
	plan := load.Schedule(o.Stages)
	switch {
	case o.Rows < 1 || o.Batch < 1 || o.Batch > o.Rows || o.batches() > 1_000_000:
		return invalid("%s in batches of %d: that is no plan", ops.Count(o.Rows, "record"), o.Batch)
	case o.Pipelines < 1 || o.Pipelines > mostPipelines:
		return invalid("a run needs 1 to %d pipelines", mostPipelines)
	case len(o.Stages) == 0 || o.MaxRate <= 0 || plan.Length() <= 0 || plan.Length() > o.MaxDuration:
		return invalid("a run needs stages that end within its most duration, and a most of its rate")
	case o.Warmup < 0 || o.Warmup >= plan.Length():
		return invalid("a warm-up of %s leaves nothing to judge", o.Warmup)
	case len(o.schema()) > longestName:
		return invalid("the scenario's name is too long for a schema of its own").Help("shorten it to %d bytes", longestName-len(o.schema())+len(o.Scenario))
	}
	for i, s := range o.Stages {
		if !s.Records || s.From != s.To || s.From <= 0 || s.From > o.MaxRate {
			return invalid("stage %d is none of records at a rate that may be: %s", i+1, s.Words())
		}
	}
	_, err := loans.PresetOf(o.Preset)
	return err
}

// config is the login, where it leads to servers that may be loaded alone.
func (o Order) config(connect Connect) (*pgx.ConnConfig, []string, error) {
	cfg, err := connect(o.Login)
	if err != nil {
		return nil, nil, err
	}
	cfg.Database = o.Database
	at := []string{hostPort(cfg.Host, cfg.Port)}
	for _, f := range cfg.Fallbacks {
		if a := hostPort(f.Host, f.Port); !slices.Contains(at, a) {
			at = append(at, a)
		}
	}
	for _, a := range at {
		if !slices.Contains(o.Allow, a) {
			return nil, nil, ops.Errorf(ops.CodeDenied, "the database is at %s, which is not on the list of what may be loaded", ops.Clean(a))
		}
	}
	for name, value := range map[string]string{"application_name": "opsdeck load " + o.Scenario, "search_path": "pg_catalog", "timezone": "UTC", "datestyle": "ISO", "lock_timeout": strconv.FormatInt(lockedIn.Milliseconds(), 10)} {
		cfg.RuntimeParams[name] = value
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	return cfg, at, nil
}

// hostPort is a server as a list of what may be loaded has it; a socket is this machine's.
func hostPort(host string, port uint16) string {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(strings.ToLower(host), strconv.Itoa(int(port)))
}

func invalid(format string, args ...any) *ops.Error {
	return ops.Errorf(ops.CodeInvalid, format, args...)
}
