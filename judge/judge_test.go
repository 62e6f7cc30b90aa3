package judge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/ops"
)

var now = time.Date(2026, 11, 21, 2, 14, 0, 0, time.UTC)

func shop() ops.Estate {
	return ops.Estate{Name: ops.Lit("shop"), Watchdog: ops.Lit("Watchdog"),
		Limits: ops.Limits{StaleAfter: 3, CrashLoop: 3, CrashWindow: 5 * time.Minute, Mark: time.Hour, Unacked: 7 * 24 * time.Hour}}
}

func ago(d time.Duration) time.Time { return now.Add(-d) }

func died(code int, oom bool, ages ...time.Duration) []ops.ExitEvent {
	var ds []ops.ExitEvent
	for _, a := range ages {
		ds = append(ds, ops.ExitEvent{At: ago(a), Code: code, OOM: oom})
	}
	return ds
}

func asked(ds []ops.ExitEvent) []ops.ExitEvent {
	for i := range ds {
		ds[i].Requested = true
	}
	return ds
}

func TestContainersAreJudgedInWords(t *testing.T) {
	exit := func(code int) ops.Exit { return ops.Exit{Known: true, Code: code} }
	for name, c := range map[string]struct {
		c     ops.Container
		level ops.Level
		word  string
		cause string
	}{
		"healthy":                      {ops.Container{State: ops.ContainerRunning, Health: ops.HealthHealthy}, ops.LevelOK, "running", ""},
		"no health check":              {ops.Container{State: ops.ContainerRunning, Health: ops.HealthNone}, ops.LevelOK, "running", ""},
		"starting":                     {ops.Container{State: ops.ContainerRunning, Health: ops.HealthStarting}, ops.LevelInfo, "starting", ""},
		"unhealthy":                    {ops.Container{State: ops.ContainerRunning, Health: ops.HealthUnhealthy}, ops.LevelCritical, "unhealthy", "health check fails"},
		"missing":                      {ops.Container{State: ops.ContainerMissing}, ops.LevelCritical, "missing", "no such container"},
		"nobody knows":                 {ops.Container{}, ops.LevelUnknown, "unknown", ""},
		"paused":                       {ops.Container{State: ops.ContainerPaused}, ops.LevelWarning, "paused", "paused it"},
		"killed, seen":                 {ops.Container{State: ops.ContainerExited, Exit: exit(137), ExitEvents: died(137, false, time.Minute)}, ops.LevelCritical, "killed", "exit code 137: killed (SIGKILL)"},
		"killed or OOM, not seen":      {ops.Container{State: ops.ContainerExited, Exit: exit(137)}, ops.LevelCritical, "killed", "killed or out of memory, not known"},
		"OOM by event":                 {ops.Container{State: ops.ContainerExited, Exit: exit(137), ExitEvents: died(137, true, time.Minute)}, ops.LevelCritical, "out of memory", "out of memory, exit code 137"},
		"OOM by the state alone":       {ops.Container{State: ops.ContainerExited, Exit: exit(137), OOM: true}, ops.LevelCritical, "out of memory", "out of memory, exit code 137"},
		"an end after a gap":           {ops.Container{State: ops.ContainerExited, Exit: exit(137), Finished: ago(time.Minute), ExitEvents: died(137, true, 20*time.Minute)}, ops.LevelCritical, "killed", "killed or out of memory, not known"},
		"the end that was seen":        {ops.Container{State: ops.ContainerExited, Exit: exit(137), Finished: ago(time.Minute), ExitEvents: died(137, true, 58*time.Second)}, ops.LevelCritical, "out of memory", "out of memory"},
		"a clash after it ran":         {ops.Container{State: ops.ContainerExited, Exit: exit(128), Holder: ops.Lit("container web"), Fault: ops.Lit("driver failed: Bind for 127.0.0.1:80 failed: port is already allocated")}, ops.LevelCritical, "port clash", "port 127.0.0.1:80 is held by container web"},
		"unhealthy, and why":           {ops.Container{State: ops.ContainerRunning, Health: ops.HealthUnhealthy, Check: ops.Lit("status 500")}, ops.LevelCritical, "unhealthy", "health check fails: status 500"},
		"exited in error":              {ops.Container{State: ops.ContainerExited, Exit: exit(3)}, ops.LevelCritical, "exited", "exit code 3"},
		"exited, nobody knows how":     {ops.Container{State: ops.ContainerExited}, ops.LevelCritical, "exited", "not known"},
		"a port clash":                 {ops.Container{State: ops.ContainerCreated, Fault: ops.Lit("driver failed: Bind for 0.0.0.0:80 failed: port is already allocated")}, ops.LevelCritical, "port clash", "port is already allocated"},
		"created and left":             {ops.Container{State: ops.ContainerCreated}, ops.LevelCritical, "not started", "never started"},
		"crash loop by deaths":         {ops.Container{State: ops.ContainerRestarting, Restarts: 4, ExitEvents: died(3, false, time.Second, 5*time.Second, 9*time.Second)}, ops.LevelCritical, "crash-looping", "exit code 3"},
		"crash loop between two lives": {ops.Container{State: ops.ContainerRunning, Restarts: 4, ExitEvents: died(3, false, time.Second, 5*time.Second, 9*time.Second)}, ops.LevelCritical, "crash-looping", "3 deaths in 5m"},
		"crash loop that began unseen": {ops.Container{State: ops.ContainerRunning, Restarts: 14, Started: ago(3 * time.Second), Exit: exit(3)}, ops.LevelCritical, "crash-looping", "restarted 14 times"},
		"many restarts long ago":       {ops.Container{State: ops.ContainerRunning, Restarts: 14, Started: ago(3 * time.Hour), Health: ops.HealthNone}, ops.LevelOK, "running", ""},
		"asked to stop thrice":         {ops.Container{State: ops.ContainerRunning, Health: ops.HealthNone, ExitEvents: asked(died(143, false, time.Second, 5*time.Second, 9*time.Second))}, ops.LevelOK, "running", ""},
		"ends well again and again":    {ops.Container{State: ops.ContainerRestarting, Restarts: 3, ExitEvents: died(0, false, time.Second, 5*time.Second, 9*time.Second)}, ops.LevelCritical, "crash-looping", "exit code 0"},
		"killed on request, marked":    {ops.Container{State: ops.ContainerRunning, Health: ops.HealthNone, ExitEvents: asked(died(137, false, time.Minute))}, ops.LevelInfo, "running again", "SIGKILL"},
		"good again, still marked":     {ops.Container{State: ops.ContainerRunning, Health: ops.HealthHealthy, ExitEvents: died(137, false, 20*time.Minute)}, ops.LevelInfo, "running again", "died 01:54:00Z"},
		"marked, and nobody acked it":  {ops.Container{State: ops.ContainerRunning, Health: ops.HealthHealthy, ExitEvents: died(137, false, 61*time.Minute)}, ops.LevelInfo, "running again", "; not acked"},
		"asked for, longer ago":        {ops.Container{State: ops.ContainerRunning, Health: ops.HealthHealthy, ExitEvents: asked(died(137, false, 61*time.Minute))}, ops.LevelOK, "running", ""},
		"marked, and nobody looked":    {ops.Container{State: ops.ContainerRunning, Health: ops.HealthHealthy, ExitEvents: died(3, false, 7*24*time.Hour+time.Minute)}, ops.LevelOK, "running", ""},
		"back within the hour":         {ops.Container{State: ops.ContainerRunning, Health: ops.HealthNone, Started: ago(59 * time.Minute), ExitEvents: died(3, false, 3*time.Hour)}, ops.LevelInfo, "running again", "exit code 3"},
	} {
		t.Run(name, func(t *testing.T) {
			c.c.Expected = true
			c.c.Latch = Standing(shop().Limits, Happened(ops.Latch{}, c.c, now), c.c, now)
			v := Container(shop(), c.c, now)
			if v.Level != c.level || v.Word.String() != c.word || !strings.Contains(v.Cause.String(), c.cause) {
				t.Errorf("%s, %q, %q", v.Level, v.Word, v.Cause)
			}
			if bad := v.Level == ops.LevelCritical; bad && len(v.Next) == 0 {
				t.Error("no next step")
			}
			if again := Container(shop(), c.c, now.Add(time.Second)); !reflect.DeepEqual(again, v) {
				t.Error("a second later it reads differently: the screen would never rest")
			}
		})
	}
}

func TestAContainerNobodyExpectsIsWorthLess(t *testing.T) {
	done := ops.Container{State: ops.ContainerExited, Exit: ops.Exit{Known: true}}
	if v := Container(shop(), done, now); v.Level != ops.LevelOK {
		t.Errorf("a task that ended well is %s", v.Level)
	}
	done.Exit.Code = 1
	if v := Container(shop(), done, now); v.Level != ops.LevelWarning {
		t.Errorf("a task that failed is %s", v.Level)
	}
	done.Exit.Code, done.Expected = 0, true
	if v := Container(shop(), done, now); v.Level != ops.LevelCritical {
		t.Errorf("an expected one that ended is %s", v.Level)
	}
}

func TestSourceStatesByTheirErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want ops.SourceState
	}{
		"an answer":            {nil, ops.SourceOK},
		"a deadline":           {fmt.Errorf("get: %w", context.DeadlineExceeded), ops.SourceSilent},
		"a network timeout":    {&net.OpError{Op: "read", Err: &net.DNSError{IsTimeout: true}}, ops.SourceSilent},
		"a refused connection": {fmt.Errorf("dial: %w", syscall.ECONNREFUSED), ops.SourceRefused},
		"no socket":            {fmt.Errorf("dial: %w", fs.ErrNotExist), ops.SourceRefused},
		"no permission":        {fmt.Errorf("dial: %w", fs.ErrPermission), ops.SourceDenied},
		"401":                  {ops.Errorf(ops.CodeDenied, "401"), ops.SourceDenied},
		"500":                  {errors.New("status 500"), ops.SourceFailing},
	} {
		if got, why := SourceState(c.err); got != c.want || (got != ops.SourceOK) == why.Empty() {
			t.Errorf("%s: %s, %q", name, got, why)
		}
	}
}

func source(name string, s ops.SourceState, required bool) ops.Source {
	return ops.Source{Ref: ops.NewRef(ops.KindSource, "", name), Name: ops.Clean(name), Kind: ops.SourcePrometheus, State: s, Required: required, Every: 10 * time.Second, LastGood: now}
}

func alert(name, severity string, rank ops.Rank) ops.Alert {
	return ops.Alert{Name: ops.Clean(name), State: ops.AlertFiring, Since: ago(time.Hour), Severity: ops.Severity{Name: ops.Clean(severity), Rank: rank}}
}

func board(s ops.SourceState, alerts ...ops.Alert) *ops.Board {
	b := &ops.Board{Sources: []ops.Source{source("prom", s, true)}, Alerts: []ops.Reading[[]ops.Alert]{{Source: ops.Lit("prom"), Value: alerts}}}
	b.Stamp()
	return b
}

func TestNothingIsOkWithoutItsProof(t *testing.T) {
	dog := alert("Watchdog", "none", ops.RankNone)
	for name, c := range map[string]struct {
		b    *ops.Board
		want ops.Level
	}{
		"no sources at all":              {&ops.Board{}, ops.LevelUnknown},
		"quiet and watched":              {board(ops.SourceOK, dog), ops.LevelOK},
		"quiet, and the watchdog too":    {board(ops.SourceOK), ops.LevelUnknown},
		"a silent source":                {board(ops.SourceSilent, dog), ops.LevelUnknown},
		"not asked yet":                  {board(ops.SourcePending), ops.LevelUnknown},
		"critical outranks unknown":      {board(ops.SourceSilent, alert("Down", "critical", ops.RankCritical)), ops.LevelCritical},
		"a medium alert":                 {board(ops.SourceOK, dog, alert("Odd", "medium", ops.RankMedium)), ops.LevelWarning},
		"a severity nobody ranked":       {board(ops.SourceOK, dog, alert("Odd", "page", ops.RankNone)), ops.LevelWarning},
		"a critical one in hand":         {board(ops.SourceOK, dog, acked(alert("Down", "critical", ops.RankCritical))), ops.LevelInfo},
		"information":                    {board(ops.SourceOK, dog, alert("Done", "info", ops.RankInfo)), ops.LevelInfo},
		"an optional source that fails":  {withOptional(board(ops.SourceOK, dog)), ops.LevelInfo},
		"a job whose end nobody saw":     {withJob(board(ops.SourceOK, dog), ops.JobLost), ops.LevelWarning},
		"a job that failed is its own":   {withJob(board(ops.SourceOK, dog), ops.JobFailed), ops.LevelOK},
		"an old answer is stale by time": {board(ops.SourceStale, dog), ops.LevelUnknown},
	} {
		Board(shop(), c.b, now)
		if c.b.Level != c.want {
			t.Errorf("%s: %s, %+v", name, c.b.Level, c.b.Findings)
		}
	}
}

func acked(a ops.Alert) ops.Alert {
	a.Ack = ops.Ack{By: ops.Lit("ana"), At: now}
	return a
}

func withOptional(b *ops.Board) *ops.Board {
	b.Sources = append(b.Sources, source("extra", ops.SourceRefused, false))
	return b
}

func withJob(b *ops.Board, s ops.JobState) *ops.Board {
	b.Jobs = []ops.Job{{ID: 1, State: s}}
	return b
}

func TestASourceIsPaintedAsItsFindingSays(t *testing.T) {
	dog := alert("Watchdog", "none", ops.RankNone)
	for situation, c := range map[string]struct {
		change func(*ops.Board)
		want   ops.Level
	}{
		"it answers":                  {func(*ops.Board) {}, ops.LevelOK},
		"required and silent":         {func(b *ops.Board) { b.Sources[0].State = ops.SourceSilent }, ops.LevelUnknown},
		"optional and silent":         {func(b *ops.Board) { b.Sources[0].State, b.Sources[0].Required = ops.SourceSilent, false }, ops.LevelInfo},
		"it answers and warns":        {func(b *ops.Board) { b.Sources[0].Notes = []ops.Text{ops.Lit("its clock is ahead")} }, ops.LevelWarning},
		"it answers without watchdog": {func(b *ops.Board) { b.Alerts[0].Value = nil }, ops.LevelUnknown},
		"optional, without watchdog":  {func(b *ops.Board) { b.Alerts[0].Value, b.Sources[0].Required = nil, false }, ops.LevelUnknown},
	} {
		b := board(ops.SourceOK, dog)
		c.change(b)
		b.Stamp()
		Board(shop(), b, now)
		if s := b.Sources[0]; s.Level != c.want || b.Level != c.want {
			t.Errorf("%s: %s, the board %s", situation, s.Level, b.Level)
		}
		if c.want != ops.LevelOK && (len(b.Findings) != 1 || b.Findings[0].Level != c.want || b.Findings[0].Ref != b.Sources[0].Ref) {
			t.Errorf("%s: %+v", situation, b.Findings)
		}
	}
}

func TestAJobIsAsBadInItsRowAsInItsFinding(t *testing.T) {
	for s := ops.JobUnknown; s <= ops.JobLost; s++ {
		b := withJob(board(ops.SourceOK, alert("Watchdog", "none", ops.RankNone)), s)
		Board(shop(), b, now)
		for _, f := range b.Findings {
			if f.Level != Job(s) {
				t.Errorf("%s: finding %s, row %s", s, f.Level, Job(s))
			}
		}
		if Job(s) == ops.LevelCritical || Job(s) == ops.LevelUnknown {
			t.Errorf("a job that is %s would make the whole %s", s, Job(s))
		}
	}
}

func TestMemoryWarnsBelowItsLimit(t *testing.T) {
	ref := ops.NewRef(ops.KindContainer, "docker", "web")
	for situation, c := range map[string]struct {
		own         ops.Bytes
		limit, used ops.Value
		want        ops.Level
	}{
		"far below":                  {1000, ops.Num(9000), ops.Num(899), ops.LevelOK},
		"nine tenths of its own":     {1000, ops.Num(9000), ops.Num(900), ops.LevelWarning},
		"nine tenths of the sampled": {0, ops.Num(1000), ops.Num(900), ops.LevelWarning},
		"no limit":                   {0, ops.Value{}, ops.Num(900), ops.LevelOK},
		"nobody measured":            {1000, ops.Num(1000), ops.Value{}, ops.LevelUnknown},
	} {
		stats := []ops.ContainerStats{{Ref: ref, Memory: c.used, Limit: c.limit}}
		Stats(stats, []ops.Reading[[]ops.Container]{{Value: []ops.Container{{Ref: ref, MemoryLimit: c.own}}}})
		if stats[0].MemoryLevel != c.want {
			t.Errorf("%s: %s", situation, stats[0].MemoryLevel)
		}
	}
}

func TestAStormIsOneFindingWithItsCount(t *testing.T) {
	var storm []ops.Alert
	for range 5000 {
		storm = append(storm, alert("Down", "critical", ops.RankCritical))
	}
	storm[4000].Since = ago(3 * time.Hour)
	b := board(ops.SourceOK, append(storm, alert("Watchdog", "none", ops.RankNone))...)
	Board(shop(), b, now)
	if len(b.Findings) != 1 || !strings.Contains(b.Findings[0].What.String(), " x5000") || !b.Findings[0].Since.Equal(ago(3*time.Hour)) {
		t.Fatalf("%+v", b.Findings)
	}
}

func TestStaleGoesByTheClock(t *testing.T) {
	s := source("prom", ops.SourceOK, true)
	if Stale(shop(), s, now.Add(30*time.Second)) || !Stale(shop(), s, now.Add(31*time.Second)) {
		t.Error("three missed intervals of 10 s")
	}
	s.State = ops.SourceSilent
	if Stale(shop(), s, now.Add(time.Hour)) {
		t.Error("a source that is known to be silent is not renamed")
	}
}

func TestASilenceOfAnAlertmanagerThatCannotBeAskedHoldsNothing(t *testing.T) {
	for state, want := range map[ops.SourceState]ops.Level{
		ops.SourceOK: ops.LevelInfo, ops.SourceLying: ops.LevelInfo,
		ops.SourceRefused: ops.LevelCritical, ops.SourceSilent: ops.LevelCritical, ops.SourceStale: ops.LevelCritical,
	} {
		a := ops.Alert{Ref: ops.NewRef(ops.KindAlert, "prom", "f1"), Name: ops.Lit("Down"), State: ops.AlertFiring,
			Severity: ops.Severity{Name: ops.Lit("critical"), Rank: ops.RankCritical}, Paging: ops.Paging{State: ops.PagingSilenced, Source: am}}
		b := ops.Board{
			Sources: []ops.Source{{Name: prom, Kind: ops.SourcePrometheus, State: ops.SourceOK}, {Name: am, Kind: ops.SourceAlertmanager, State: state}},
			Alerts:  []ops.Reading[[]ops.Alert]{{Source: prom, State: ops.SourceOK, At: now, Value: []ops.Alert{a}}},
		}
		Board(ops.Estate{}, &b, now)
		i := slices.IndexFunc(b.Findings, func(f ops.Finding) bool { return f.Ref == a.Ref })
		if i < 0 || b.Findings[i].Level != want {
			t.Errorf("alertmanager %s: %+v, want %s", state, b.Findings, want)
		}
	}
}
