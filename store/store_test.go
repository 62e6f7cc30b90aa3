package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"opsdeck/ops"
)

func seqs(recs []ops.Record) (out []uint64) {
	for _, r := range recs {
		out = append(out, r.Seq)
	}
	return out
}

func TestHistoryPages(t *testing.T) {
	s := open(t, stateDir(t), Options{Now: still})
	at := func(m int) time.Time { return begun.Add(time.Duration(m) * time.Minute) }
	db := ops.NewRef(ops.KindContainer, "docker", "db")
	// 4 tells of something older than 1 to 3: it stands where it belongs in time.
	recs, err := s.Append(
		ops.Record{At: at(10), Kind: ops.RecordNote, What: ops.Lit("one")},
		ops.Record{At: at(20), Kind: ops.RecordContainer, What: ops.Lit("Two dies"), Ref: db},
		ops.Record{At: at(30), Kind: ops.RecordNote, What: ops.Lit("three"), Ref: db},
		ops.Record{At: at(5), Kind: ops.RecordContainer, What: ops.Lit("four starts")},
		ops.Record{At: at(30), Kind: ops.RecordSource, What: ops.Clean("five <&> GRÖSSE GRÖßE")},
	)
	must(t, err)
	if got := seqs(recs); !slices.Equal(got, []uint64{1, 2, 3, 4, 5}) {
		t.Fatalf("seqs %v", got)
	}
	for name, c := range map[string]struct {
		q    ops.Query
		want []uint64
	}{
		"all, newest first":        {ops.Query{}, []uint64{5, 3, 2, 1, 4}},
		"a page":                   {ops.Query{Limit: 2}, []uint64{5, 3}},
		"the page behind it":       {ops.Query{Limit: 2, Before: 3}, []uint64{2, 1}},
		"the last page":            {ops.Query{Limit: 2, Before: 1}, []uint64{4}},
		"behind the last":          {ops.Query{Before: 4}, nil},
		"from, inclusive":          {ops.Query{From: at(20)}, []uint64{5, 3, 2}},
		"until, exclusive":         {ops.Query{Until: at(30)}, []uint64{2, 1, 4}},
		"until and before":         {ops.Query{Until: at(30), Before: 2}, []uint64{1, 4}},
		"a window":                 {ops.Query{From: at(10), Until: at(20)}, []uint64{1}},
		"kinds":                    {ops.Query{Kinds: []ops.RecordKind{ops.RecordContainer, ops.RecordSource}}, []uint64{5, 2, 4}},
		"a ref":                    {ops.Query{Ref: db}, []uint64{3, 2}},
		"words in any case":        {ops.Query{Match: ops.Lit("DIES two")}, []uint64{2}},
		"a word that JSON escapes": {ops.Query{Match: ops.Lit("<&>")}, []uint64{5}},
		"a letter beyond ASCII":    {ops.Query{Match: ops.Clean("größe")}, []uint64{5}},
		"a word of the ref's kind": {ops.Query{Match: ops.Lit("container")}, []uint64{3, 2}},
		"a word of the ref":        {ops.Query{Match: ops.Lit("docker/db")}, []uint64{3, 2}},
		"one word that nobody has": {ops.Query{Match: ops.Lit("two lives")}, nil},
		"later than everything":    {ops.Query{From: at(31)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.History(c.q)
			must(t, err)
			if !slices.Equal(seqs(got), c.want) {
				t.Errorf("want %v, got %v", c.want, seqs(got))
			}
		})
	}
}

func TestASearchThatIsCutSaysSoAndCanGoOn(t *testing.T) {
	s := open(t, stateDir(t), Options{Now: still})
	const reach = (maxCost + costPass + costWords - 1) / (costPass + costWords)
	recs := make([]ops.Record, reach+100)
	for i := range recs {
		recs[i] = note("nothing")
	}
	recs[3] = note("the needle")
	_, err := s.Append(recs...)
	must(t, err)
	q := ops.Query{Match: ops.Lit("needle")}
	got, err := s.History(q)
	must(t, err)
	if len(got) != 1 || got[0].Kind != ops.RecordAgent || got[0].Seq != 101 {
		t.Fatalf("%+v", got)
	}
	q.Before = got[0].Seq
	got, err = s.History(q)
	must(t, err)
	if len(got) != 1 || got[0].Seq != 4 {
		t.Fatalf("%+v", got)
	}
}

func TestRecordsOutliveAReopenedStore(t *testing.T) {
	dir := stateDir(t)
	filled(t, dir, 3)
	s := open(t, dir, Options{})
	got, err := s.History(ops.Query{Kinds: []ops.RecordKind{ops.RecordIntent}})
	must(t, err)
	if len(got) != 3 || got[0].Actor.Name.String() != "ana" || got[0].What.String() != "and another" {
		t.Fatalf("%+v", got)
	}
	v, err := s.Value("looked.ana")
	must(t, err)
	if string(v) != "then" {
		t.Errorf("value %q", v)
	}
	if v, err = s.Value("looked.bo"); v != nil || err != nil {
		t.Errorf("absent value %q, %v", v, err)
	}
	for _, name := range []string{dbName, lockName, markerName, headsName} {
		st, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if st.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", name, st.Mode().Perm())
		}
	}
	if st, _ := os.Stat(dir); st.Mode().Perm() != 0o700 {
		t.Errorf("directory has mode %o", st.Mode().Perm())
	}
}

func job(k string) ops.Job {
	return ops.Job{Action: ops.Lit("container.restart"), Key: ops.Clean(k), State: ops.JobRunning,
		Target: ops.NewRef(ops.KindContainer, "docker", "web")}
}

func TestAJobsWay(t *testing.T) {
	dir := stateDir(t)
	s := open(t, dir, Options{Now: still})
	j, _, err := s.NewJob(job("k1"), intent("restart web"))
	must(t, err)
	if j.ID != 1 || !j.Created.Equal(begun) {
		t.Fatalf("%+v", j)
	}
	again, _, err := s.NewJob(job("k1"), intent("restart web"))
	must(t, err)
	if again.ID != 1 {
		t.Fatalf("same key, another job: %d", again.ID)
	}
	other, _, err := s.NewJob(job("k2"), intent("restart web"))
	must(t, err)
	none, _, err := s.NewJob(job(""), intent("restart web"))
	must(t, err)
	if other.ID != 2 || none.ID != 3 {
		t.Fatalf("ids %d and %d", other.ID, none.ID)
	}
	j.Progress.Done = 40
	must(t, s.PutJob(j))
	if got, _, err := s.Job(1); err != nil || got.Progress.Done != 40 {
		t.Fatalf("progress %v, %v", got.Progress, err)
	}
	open1, err := s.OpenJobs()
	must(t, err)
	if len(open1) != 3 || open1[2].Progress.Done != 40 {
		t.Fatalf("open %+v", open1)
	}
	j.State, j.Ended, j.Result = ops.JobSucceeded, begun, ops.Lit("done")
	must(t, ended(s.EndJob(j, ops.Record{Kind: ops.RecordOutcome, What: ops.Lit("restarted")})))
	for name, err := range map[string]error{
		"progress behind the end": s.PutJob(ops.Job{ID: 1, State: ops.JobRunning}),
		"a second end":            ended(s.EndJob(j, ops.Record{Kind: ops.RecordOutcome})),
		"an end that is none":     ended(s.EndJob(ops.Job{ID: 2, State: ops.JobOrphaned}, ops.Record{})),
		"an end by PutJob":        s.PutJob(ops.Job{ID: 2, State: ops.JobFailed}),
	} {
		if ops.CodeOf(err) != ops.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.PutJob(ops.Job{ID: 99, State: ops.JobRunning}); ops.CodeOf(err) != ops.CodeNotFound {
		t.Errorf("unknown job: %v", err)
	}
	must(t, s.Close())
	s = open(t, dir, Options{Now: still})
	jobs, err := s.Jobs(2)
	must(t, err)
	if len(jobs) != 2 || jobs[0].ID != 3 || jobs[1].ID != 2 {
		t.Fatalf("jobs %+v", jobs)
	}
	got, found, err := s.JobByKey("k1")
	if err != nil || !found || got.State != ops.JobSucceeded || got.Progress.Done != 40 {
		t.Fatalf("%+v %v %v", got, found, err)
	}
	if open2, err := s.OpenJobs(); err != nil || len(open2) != 2 {
		t.Fatalf("open %+v, %v", open2, err)
	}
	recs, err := s.History(ops.Query{})
	must(t, err)
	if len(recs) != 4 || recs[0].Kind != ops.RecordOutcome || recs[0].Job != 1 || recs[3].Job != 1 {
		t.Fatalf("records %+v", recs)
	}
	rep, err := s.VerifyAudit()
	if err != nil || !rep.OK || rep.Entries != 5 {
		t.Fatalf("%+v, %v", rep, err)
	}
}

// What PutJob holds back is progress alone: a store that is copied as a crash
// would leave it knows the child's pid and the state.
func TestACrashLosesProgressOnly(t *testing.T) {
	dir, crashed := stateDir(t), filepath.Join(t.TempDir(), "crashed")
	s := open(t, dir, Options{Now: still})
	j, _, err := s.NewJob(job("k"), intent("x"))
	must(t, err)
	j.Process = ops.Process{PID: 4711, Start: 12}
	must(t, s.PutJob(j))
	j.Progress.Done = 7
	must(t, s.PutJob(j))
	copyDir(t, dir, crashed)
	c := open(t, crashed, Options{Now: still, Probe: probe})
	got, err := c.OpenJobs()
	must(t, err)
	if len(got) != 1 || got[0].Process.PID != 4711 || got[0].Progress.Done != 0 || !c.Notice().Empty() {
		t.Fatalf("%+v, notice %q", got, c.Notice())
	}
	_, err = s.Append(note("anything")) // the next transaction takes it along
	must(t, err)
	crashed += "2"
	copyDir(t, dir, crashed)
	if got, err := open(t, crashed, Options{Now: still}).OpenJobs(); err != nil || got[0].Progress.Done != 7 {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestOutputIsBoundedAndCountsWhatItDrops(t *testing.T) {
	s := open(t, stateDir(t), Options{Now: still})
	j, _, err := s.NewJob(job("k"), intent("x"))
	must(t, err)
	lines := make([]ops.Line, maxOutputLines+250)
	for i := range lines {
		lines[i] = ops.Line{Text: ops.Textf("line %d", i+1), Stream: ops.StreamErr}
	}
	must(t, s.AppendOutput(j.ID, lines[:10]))
	must(t, s.AppendOutput(j.ID, lines[10:]))
	got, err := s.Output(j.ID, 8, 3)
	must(t, err)
	if len(got) != 3 || got[0].Offset != 9 || got[2].Text.String() != "line 11" || got[0].Stream != ops.StreamErr {
		t.Fatalf("%+v", got)
	}
	got, err = s.Output(j.ID, outputHead-1, 3)
	must(t, err)
	if got[0].Offset != 500 || got[1].Stream != ops.StreamMeta || got[1].Offset != 750 ||
		got[1].Text.String() != "250 lines dropped (501 to 750)" || got[2].Text.String() != "line 751" {
		t.Fatalf("%+v", got)
	}
	all, err := s.Output(j.ID, 0, maxOutputLines*2)
	must(t, err)
	if len(all) != maxOutputLines+1 || all[len(all)-1].Offset != maxOutputLines+250 {
		t.Fatalf("%d lines", len(all))
	}
	if err := s.AppendOutput(77, lines[:1]); ops.CodeOf(err) != ops.CodeNotFound {
		t.Errorf("unknown job: %v", err)
	}
	big, _, err := s.NewJob(job("big"), intent("x"))
	must(t, err)
	long := make([]ops.Line, 1100)
	for i := range long {
		long[i].Text = ops.CleanLine(fmt.Sprintf("%016000d", i))
	}
	must(t, s.AppendOutput(big.ID, long))
	all, err = s.Output(big.ID, 0, 5000)
	must(t, err)
	size := 0
	for _, l := range all {
		size += len(l.Text.String())
	}
	if size > maxOutputBytes || size < maxOutputBytes/2 || all[len(all)-1].Offset != 1100 {
		t.Fatalf("%d bytes in %d lines kept", size, len(all))
	}
}

func TestTrim(t *testing.T) {
	now := begun
	s := open(t, stateDir(t), Options{Now: func() time.Time { return now }})
	var old ops.Job
	for i, k := range []string{"old", "open", "new"} {
		now = begun.Add(time.Duration(i*i) * time.Hour) // 0, 1, 4 h
		j, _, err := s.NewJob(job(k), intent(k))
		must(t, err)
		must(t, s.AppendOutput(j.ID, []ops.Line{{Text: ops.Lit("x")}}))
		if k != "open" {
			j.State, j.Ended = ops.JobFailed, now
			must(t, ended(s.EndJob(j, ops.Record{Kind: ops.RecordOutcome})))
		}
		if k == "old" {
			old = j
		}
	}
	n, err := s.Trim(2*time.Hour, 0)
	must(t, err)
	if n != 4 { // three records of the first two hours, and one job
		t.Errorf("%d deleted", n)
	}
	if _, found, err := s.Job(old.ID); found || err != nil {
		t.Errorf("old job: %v %v", found, err)
	}
	if _, found, err := s.JobByKey("old"); found || err != nil {
		t.Errorf("its key: %v %v", found, err)
	}
	if out, err := s.Output(old.ID, 0, 0); len(out) != 0 || err != nil {
		t.Errorf("its output: %v %v", out, err)
	}
	if jobs, err := s.OpenJobs(); err != nil || len(jobs) != 1 || jobs[0].Key.String() != "open" {
		t.Errorf("open jobs: %+v, %v", jobs, err)
	}
	many := make([]ops.Record, 3*trimBatch)
	for i := range many {
		many[i] = note("n")
	}
	_, err = s.Append(many...)
	must(t, err)
	n, err = s.Trim(0, 10)
	must(t, err)
	recs, err := s.History(ops.Query{Limit: 50})
	must(t, err)
	if len(recs) != 10 || n != 3*trimBatch+2-10 {
		t.Errorf("%d deleted, %d kept", n, len(recs))
	}
	gone := recs[9].Seq - 5 // Before may name a record that is gone since
	if page, err := s.History(ops.Query{Before: gone}); err != nil || len(page) != 0 {
		t.Errorf("before a trimmed record: %+v, %v", page, err)
	}
	rep, err := s.VerifyAudit()
	if err != nil || !rep.OK || rep.Entries != 6 {
		t.Errorf("audit %+v, %v", rep, err)
	}
	must(t, Check(func() string { must(t, s.Close()); return s.path() }()))
}

func TestAUsedStoreIsClosedOnce(t *testing.T) {
	s := open(t, stateDir(t), Options{})
	must(t, s.Close())
	must(t, s.Close())
	if _, err := s.Append(note("x")); ops.CodeOf(err) != ops.CodeUnavailable {
		t.Errorf("%v", err)
	}
}
