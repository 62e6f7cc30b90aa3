package backup

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// promotable is a server that answers how it stands, and what happens to it.
type promotable struct {
	stands   []string // recovery, may promote, received, replayed, newest transaction, timeline
	promotes error
	writes   error
	asked    []string
}

func (s *promotable) Query(_ context.Context, sql string) ([][]ops.Text, error) {
	s.asked = append(s.asked, sql)
	row := s.stands
	if sql == primarySQL {
		row = []string{s.stands[0], "000000020000000000000005", "0/5000100"}
	}
	var out []ops.Text
	for _, v := range row {
		out = append(out, ops.Clean(v))
	}
	return [][]ops.Text{out}, nil
}

func (s *promotable) QueryLong(_ context.Context, sql string) ([][]ops.Text, error) {
	s.asked = append(s.asked, sql)
	if sql == ops.WriteCheckSQL {
		return nil, s.writes
	}
	if s.promotes == nil {
		s.stands[0] = "false"
	}
	return nil, s.promotes
}

func standbyAt(lsn string) *promotable {
	return &promotable{stands: []string{"true", "true", lsn, lsn, "1795700000", "1"}}
}

// failoverBoard has a primary that was seen at 0/5000000, and a standby.
func failoverBoard() (ops.Board, ops.Request) {
	seen := ops.UnixTime(1795700090)
	b := ops.Board{Databases: ops.Readings[ops.Database]{
		{Source: ops.Lit("pg"), At: seen, State: ops.SourceFailing, Value: ops.Database{WAL: ops.WAL{Position: ops.Lit("0/5000000")}}},
		{Source: ops.Lit("replica"), At: seen, State: ops.SourceOK, Value: ops.Database{Standby: true}},
	}}
	return b, ops.Request{Target: ops.NewRef(ops.KindBackups, "orders", "orders")}
}

func failoverTo(s *promotable, proof, open string) *Failover {
	words := func(t string) []ops.Text {
		if t == "" {
			return nil
		}
		return []ops.Text{ops.Clean(t)}
	}
	fences := func(context.Context, ops.Board, ops.Text, ops.Text) ([]ops.Text, []ops.Text) {
		return words(proof), words(open)
	}
	return NewFailover(nil, ops.BackupPlan{Name: ops.Lit("orders"), Database: ops.Lit("pg")}, map[ops.Text]Server{ops.Lit("replica"): s}, fences, time.Now)
}

func TestAFailoverSaysWhetherTheOldPrimaryIsFencedAndWhatIsLost(t *testing.T) {
	for name, c := range map[string]struct {
		proof, open, at string
		fenced          bool
		lost            string
	}{
		"proved, all received":    {"tcp 10.0.0.7:5432 refuses connections", "", "0/5000000", true, "lost of what was seen: 0B, about 0s"},
		"proved, 1 MB behind":     {"tcp 10.0.0.7:5432 refuses connections", "", "0/4F00000", true, "lost of what was seen: 1.0M, about 1m30s"},
		"it answers":              {"", "somebody answers at 10.0.0.7:5432", "0/5000000", false, ""},
		"one says so, one not":    {"tcp 10.0.0.7:5432 refuses connections", "container pg is running", "0/5000000", false, ""},
		"nobody can be asked":     {"", "", "0/5000000", false, ""},
		"it is not to be reached": {"", "10.0.0.7:5432 does not refuse a connection: timeout", "0/5000000", false, ""},
	} {
		b, req := failoverBoard()
		p, err := failoverTo(standbyAt(c.at), c.proof, c.open).Plan(t.Context(), b, req)
		if err != nil {
			t.Fatal(name, err)
		}
		said := fmt.Sprint(p.Title, p.Replaces)
		if strings.Contains(said, "NOT FENCED, split brain possible") == c.fenced || !strings.Contains(said, c.proof) && c.fenced || !strings.Contains(said, c.open) {
			t.Errorf("%s: %s", name, said)
		}
		if got := fmt.Sprint(p.Warnings); !strings.Contains(got, c.lost) {
			t.Errorf("%s: %s, want %s", name, got, c.lost)
		}
	}
}

// TestAStandbyOnAnotherTimelineIsNotTheOneThatHasMost: its positions are of another past, and
// it is promoted where somebody names it alone.
func TestAStandbyOnAnotherTimelineIsNotTheOneThatHasMost(t *testing.T) {
	b, req := failoverBoard()
	b.Databases[0].Value.WAL.Timeline = 2
	b.Databases = append(b.Databases, ops.Reading[ops.Database]{Source: ops.Lit("second"), At: b.Databases[1].At, State: ops.SourceOK, Value: ops.Database{Standby: true}})
	apart, follows := standbyAt("0/9000000"), standbyAt("0/4F00000")
	f := failoverTo(apart, "tcp 10.0.0.7:5432 refuses connections", "")
	if _, err := f.Plan(t.Context(), b, req); err == nil || !strings.Contains(err.Error(), "replica is on timeline 1, and the old primary was on 2") || !strings.Contains(err.Error(), "--standby replica") {
		t.Errorf("there is no other: %v", err)
	}
	f.servers[ops.Lit("second")] = follows
	follows.stands[5] = "2"
	p, err := f.Plan(t.Context(), b, req)
	if err != nil || p.Steps[0].On[0].String() != "second" || !strings.Contains(fmt.Sprint(p.Warnings), "lost of what was seen: 1.0M") {
		t.Errorf("one follows: %v, %v, %v", p.Steps, p.Warnings, err)
	}
	req.Params = []ops.Param{{Name: ops.Lit("standby"), Value: ops.Lit("replica")}}
	p, err = f.Plan(t.Context(), b, req)
	if err != nil || len(p.Warnings) == 0 || !strings.HasPrefix(p.Warnings[0].String(), "ANOTHER TIMELINE: replica is on 1, at 0/9000000, and the old primary was last on 2, at 0/5000000: how much is lost cannot be told") ||
		strings.Contains(fmt.Sprint(p.Warnings), "lost of what was seen") {
		t.Errorf("it is named: %v, %v", p.Warnings, err)
	}
	apart.stands[5] = "" // as of a server that does not tell
	if p, err = f.Plan(t.Context(), b, req); err != nil || strings.Contains(fmt.Sprint(p.Warnings), "TIMELINE") {
		t.Errorf("it is not known: %v, %v", p.Warnings, err)
	}
}

func TestOnlyAStandbyThatMayBePromotedIs(t *testing.T) {
	b, req := failoverBoard()
	for want, change := range map[string]func(*promotable){
		"is no standby: it takes writes": func(s *promotable) { s.stands[0] = "false" },
		"may not promote it":             func(s *promotable) { s.stands[1] = "false" },
	} {
		s := standbyAt("0/5000000")
		change(s)
		if _, err := failoverTo(s, "", "").Plan(t.Context(), b, req); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	b.Databases = b.Databases[:1]
	if _, err := failoverTo(standbyAt("0/5000000"), "", "").Plan(t.Context(), b, req); err == nil || !strings.Contains(err.Error(), "--repository NAME --to FOLDER --then promote") {
		t.Errorf("without a standby: %v", err)
	}
}

func TestAFailoverHasSucceededWhenAWriteWasTaken(t *testing.T) {
	no := ops.Errorf(ops.CodeUnavailable, "no")
	for name, c := range map[string]struct {
		promotes, writes error
		want             string
	}{
		"it takes writes":          {nil, nil, "succeeded: replica takes writes (one was made and rolled back)"},
		"it takes none":            {nil, no, "unknown: replica is no standby any more, and a write failed: no"},
		"it could not be promoted": {no, nil, "failed: no"},
	} {
		s := standbyAt("0/5000000")
		f := failoverTo(s, "", "")
		b, req := failoverBoard()
		p, err := f.Plan(t.Context(), b, req)
		if err != nil {
			t.Fatal(err)
		}
		s.promotes, s.writes = c.promotes, c.writes
		r, err := f.Run(t.Context(), p, silent{})
		got := r.State.String() + ": " + r.What.String()
		if err != nil {
			got = "failed: " + ops.AsError(err).What.String()
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// silent is a job that nobody looks at.
type silent struct{}

func (silent) Progress(ops.Progress)   {}
func (silent) Line(ops.Stream, string) {}
func (silent) Child(ops.Process)       {}
func (silent) Actor() ops.Actor        { return ops.Actor{} }
