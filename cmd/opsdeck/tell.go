package main

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"opsdeck/estate"
	"opsdeck/judge"
	"opsdeck/ops"
)

// tellEvery is how often an Alertmanager is told what is found of the backups.
const tellEvery = time.Minute

// teller tells one Alertmanager of the findings of one plan, and once of each that is over.
type teller struct {
	plan  ops.BackupPlan
	post  func(context.Context, []ops.PostedAlert) error
	board func(context.Context) (ops.Board, error)
	log   *slog.Logger
	told  map[string]ops.PostedAlert // what was told and is not over
}

// tellBackups tells until ctx ends what the estate wants told of its plans.
func tellBackups(ctx context.Context, f estate.File, board func(context.Context) (ops.Board, error), log *slog.Logger) {
	for _, b := range f.Backups {
		for _, s := range f.Alertmanager {
			if s.Name != b.Plan.Tell.String() {
				continue
			}
			col, err := alertmanagerOf(s)
			if err != nil { // the source of the same name says so
				log.Error("backups are not told", "plan", b.Name, "err", err)
				continue
			}
			t := &teller{plan: b.Plan, post: col.Tell, board: board, log: log, told: map[string]ops.PostedAlert{}}
			go t.run(ctx, f.Estate)
		}
	}
}

func (t *teller) run(ctx context.Context, e ops.Estate) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		if err := t.tell(ctx, e, time.Now()); err != nil && ctx.Err() == nil {
			t.log.Error("backups are not told", "plan", t.plan.Name.String(), "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tell posts what is found now, and what was told before and is over. What could not be
// posted as over is tried again.
func (t *teller) tell(ctx context.Context, e ops.Estate, now time.Time) error {
	b, err := t.board(ctx)
	if err != nil {
		return err
	}
	alerts, known := judge.BackupAlerts(e, b, t.plan, now)
	if !known {
		return nil
	}
	is := map[string]ops.PostedAlert{}
	for _, a := range alerts {
		if a.Labels["alertname"] == ops.PostedFinding {
			is[labelsKey(a.Labels)] = a
		}
	}
	for key, was := range t.told {
		if _, still := is[key]; !still {
			was.Ends = now
			alerts = append(alerts, was)
		}
	}
	if len(alerts) == 0 {
		return nil
	}
	if err := t.post(ctx, alerts); err != nil {
		maps.Copy(t.told, is)
		return err
	}
	t.told = is
	return nil
}

// labelsKey tells alerts apart, as Alertmanager does.
func labelsKey(labels map[string]string) string {
	key := ""
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		key += name + "\x00" + labels[name] + "\x00"
	}
	return key
}
