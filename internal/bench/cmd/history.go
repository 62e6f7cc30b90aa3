package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"opsdeck/internal/bench/figures"
	"opsdeck/ops"
	"opsdeck/store"
)

// The long history of the budgets.
const (
	manyEvents = 1_000_000
	batch      = 20_000
	reads      = 20
)

// writeHistory fills a folder with a million events.
func writeHistory(ctx context.Context, dir string) (err error) {
	at := time.Now().Add(-manyEvents * time.Second)
	s, err := store.Open(dir, store.Options{Now: func() time.Time { return at }})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	recs := make([]ops.Record, batch)
	for i := 0; i < manyEvents; i += batch {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for k := range recs {
			at = at.Add(time.Second)
			name := fmt.Sprintf("container-%d", (i+k)%100)
			recs[k] = ops.Record{At: at, Kind: ops.RecordContainer, Level: ops.LevelWarning, Ref: ops.NewRef(ops.KindContainer, "docker", name),
				What: ops.Textf("%s exited with code 137 and was started again", name)}
		}
		if _, err := s.Append(recs...); err != nil {
			return err
		}
	}
	return nil
}

// measureHistory opens the long history and reads pages of it.
func measureHistory(ctx context.Context, dir string, written error, t *figures.Table) {
	var opened, pages figures.Spread
	err := written
	for i := 0; i < reads/2 && err == nil; i++ {
		err = errors.Join(readHistory(dir, &opened, &pages), ctx.Err())
	}
	bytes := fmt.Sprintf("history of %d events: ", manyEvents)
	t.Add(limited(bytes+"open", 10, opened, 0.95), err)
	t.Add(limited(bytes+"page (newest, from the middle, of one container)", 5, pages, 0.95), err)
}

// readHistory opens it once and reads three pages.
func readHistory(dir string, opened, pages *figures.Spread) (err error) {
	began := time.Now()
	s, err := store.Open(filepath.Clean(dir), store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	*opened = append(*opened, time.Since(began))
	for _, q := range []ops.Query{{}, {Before: manyEvents / 2}, {Ref: ops.NewRef(ops.KindContainer, "docker", "container-7")}} {
		began := time.Now()
		recs, err := s.History(q)
		if err != nil {
			return err
		}
		if len(recs) == 0 {
			return fmt.Errorf("an empty page of %+v", q)
		}
		*pages = append(*pages, time.Since(began))
	}
	return nil
}
