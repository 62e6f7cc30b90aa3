package engine_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/engine"
	"opsdeck/ops"
)

// memory is a history in memory, in the order of its calls.
type memory struct {
	mu     sync.Mutex
	recs   []ops.Record
	jobs   []ops.Job
	output map[ops.JobID][]ops.Line
	values map[string][]byte
	fail   error // what every write answers
}

func (m *memory) Append(recs ...ops.Record) ([]ops.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return nil, m.fail
	}
	for i := range recs {
		recs[i].Seq = uint64(len(m.recs) + 1)
		m.recs = append(m.recs, recs[i])
	}
	return recs, nil
}

func (m *memory) History(q ops.Query) ([]ops.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := slices.Clone(m.recs)
	slices.Reverse(out)
	if len(q.Kinds) > 0 {
		out = slices.DeleteFunc(out, func(r ops.Record) bool { return !slices.Contains(q.Kinds, r.Kind) })
	}
	if q.Limit > 0 {
		out = out[:min(q.Limit, len(out))]
	}
	return out, nil
}

func (m *memory) NewJob(j ops.Job, intent ops.Record) (ops.Job, ops.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return j, intent, m.fail
	}
	for _, o := range m.jobs {
		if !j.Key.Empty() && o.Key == j.Key {
			return o, ops.Record{}, nil
		}
	}
	j.ID = ops.JobID(len(m.jobs) + 1)
	intent.Job, intent.Seq = j.ID, uint64(len(m.recs)+1)
	m.jobs, m.recs = append(m.jobs, j), append(m.recs, intent)
	return j, intent, nil
}

func (m *memory) PutJob(j ops.Job) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.jobs[j.ID-1] = j
	return m.fail
}

func (m *memory) EndJob(j ops.Job, outcome ops.Record) (ops.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return outcome, m.fail
	}
	outcome.Seq = uint64(len(m.recs) + 1)
	m.jobs[j.ID-1], m.recs = j, append(m.recs, outcome)
	return outcome, nil
}

func (m *memory) Job(id ops.JobID) (ops.Job, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if int(id) > len(m.jobs) || id == 0 {
		return ops.Job{}, false, nil
	}
	return m.jobs[id-1], true, nil
}

func (m *memory) Jobs(limit int) ([]ops.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := slices.Clone(m.jobs)
	slices.Reverse(out)
	return out[:min(limit, len(out))], nil
}

func (m *memory) OpenJobs() ([]ops.Job, error) {
	jobs, _ := m.Jobs(1000)
	return slices.DeleteFunc(jobs, func(j ops.Job) bool { return j.State.Ended() }), nil
}

func (m *memory) AppendOutput(id ops.JobID, lines []ops.Line) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.output == nil {
		m.output = map[ops.JobID][]ops.Line{}
	}
	for _, l := range lines {
		l.Offset = uint64(len(m.output[id]) + 1)
		m.output[id] = append(m.output[id], l)
	}
	return nil
}

func (m *memory) Output(id ops.JobID, after uint64, limit int) ([]ops.Line, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	lines := m.output[id][min(int(after), len(m.output[id])):]
	return slices.Clone(lines[:min(limit, len(lines))]), nil
}

func (m *memory) JobByKey(key string) (ops.Job, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range m.jobs {
		if key != "" && j.Key.String() == key {
			return j, true, nil
		}
	}
	return ops.Job{}, false, nil
}

func (m *memory) PutValue(name string, v []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = map[string][]byte{}
	}
	m.values[name] = v
	return m.fail
}

func (m *memory) Value(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.values[name], nil
}

func (m *memory) Notice() ops.Text  { return ops.Text{} }
func (m *memory) Trouble() ops.Text { return ops.Text{} }

// kinds lists what was written, for one look at the order.
func (m *memory) kinds() []ops.RecordKind {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []ops.RecordKind
	for _, r := range m.recs {
		out = append(out, r.Kind)
	}
	return out
}

// server is a source under the test's hand.
type server struct {
	mu     sync.Mutex
	facts  ops.Observation
	err    error
	hang   bool
	slow   time.Duration // how long an answer takes
	asked  int
	pushes chan ops.Observation
	sought [][]ops.Ref
}

func (s *server) Source() ops.SourceInfo {
	return ops.SourceInfo{Name: ops.Lit("docker"), Kind: ops.SourceDocker, Every: 10 * time.Second, Timeout: 3 * time.Second, Required: true}
}

func (s *server) Collect(ctx context.Context) (ops.Observation, error) {
	s.mu.Lock()
	s.asked++
	facts, err, hang, slow := s.facts, s.err, s.hang, s.slow
	s.mu.Unlock()
	time.Sleep(slow)
	if hang {
		<-ctx.Done()
		return ops.Observation{}, ctx.Err()
	}
	if facts.Containers != nil {
		own := slices.Clone(*facts.Containers)
		facts.Containers = &own
	}
	return facts, err
}

func (s *server) Push(ctx context.Context, tell func(ops.Observation)) error {
	for {
		select {
		case f := <-s.pushes:
			tell(f)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *server) Sample(_ context.Context, refs []ops.Ref) ([]ops.ContainerStats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sought = append(s.sought, refs)
	return []ops.ContainerStats{{Ref: refs[0], At: time.Now(), CPU: ops.Num(0.5)}}, nil
}

func (s *server) set(f func(*server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// samples are the requests for figures, in order.
func (s *server) samples() [][]ops.Ref {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sought)
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// deed is an action under the test's hand.
type deed struct {
	id    string
	class ops.Class
	needs ops.Role
	step  string
	takes []ops.ParamInfo
	plan  func(*ops.Plan) // adds to the plan; nil: nothing
	got   ops.Plan        // what Run was given last
	run   func(ctx context.Context, out ops.Progresser) (ops.Result, error)
}

func (d *deed) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Clean(d.id), Class: d.class, Needs: d.needs, On: ops.KindContainer, Source: ops.Lit("docker"), Params: d.takes}
}

func (d *deed) Plan(_ context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	p := ops.Plan{Title: ops.Textf("%s %s", d.id, req.Target.ID), Steps: []ops.Step{{Method: ops.Clean(d.step)}}, Locks: []ops.Ref{req.Target}}
	if d.plan != nil {
		d.plan(&p)
	}
	return p, nil
}

func (d *deed) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	d.got = p
	return d.run(ctx, out)
}

var done = ops.Result{State: ops.JobSucceeded, What: ops.Lit("done")}

// world is one engine under test, in a synctest bubble.
type world struct {
	*testing.T
	e       *engine.Engine
	history *memory
	server  *server
	journal []string
	stop    context.CancelFunc
}

func newWorld(t *testing.T, change func(*engine.Config)) *world {
	w := &world{T: t, history: &memory{}, server: &server{pushes: make(chan ops.Observation)}}
	w.server.facts.Containers = &[]ops.Container{}
	c := engine.Config{
		Estate: ops.Estate{Name: ops.Lit("test"), Environment: ops.Production,
			Limits: ops.Limits{StaleAfter: 3, CrashLoop: 3, CrashWindow: 5 * time.Minute, Mark: time.Hour, Unlock: 15 * time.Minute}},
		Collectors: []ops.Collector{w.server},
		History:    w.history,
		Journal:    func(l string) error { w.journal = append(w.journal, l); return nil },
		Alive:      func(ops.Process) bool { return false },
		Now:        time.Now, Random: rand.Read, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if change != nil {
		change(&c)
	}
	w.e = engine.New(c)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.e.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run ended with %v", err)
		}
	}
	t.Cleanup(cancel)
	synctest.Wait()
	return w
}

func (w *world) as(name string, uid int, role ops.Role, session string) ops.Console {
	return w.e.For(ops.Caller{Actor: ops.Actor{Name: ops.Clean(name), UID: uid, Role: role}, Session: ops.Clean(session)})
}

func (w *world) board() ops.Board {
	w.Helper()
	synctest.Wait()
	b, err := w.as("x", 1, ops.RoleViewer, "x").Board(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return b
}

func web() ops.Ref { return ops.NewRef(ops.KindContainer, "docker", "web") }

func ask(action string) ops.Request {
	return ops.Request{Action: ops.Clean(action), Target: web()}
}

func (w *world) plan(c ops.Console, req ops.Request) ops.Plan {
	w.Helper()
	p, err := c.Plan(w.Context(), req)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

func (w *world) unlock(c ops.Console) {
	w.Helper()
	p := w.plan(c, ops.Request{Action: ops.Lit("console.unlock"), Target: ops.NewRef(ops.KindConsole, "", "this")})
	if _, err := c.Start(w.Context(), p.ID, ops.Confirmation{}); err != nil {
		w.Fatal(err)
	}
}

// yes confirms a disruptive action in full.
var yes = ops.Confirmation{Yes: true, Reason: ops.Lit("because")}
