package basebackup

import (
	"errors"
	"io"
	"os"
	"sync"
	"testing"

	"opsdeck/internal/ownfile"
	"opsdeck/ops"
)

func TestWhoLooksAtTheLockKeepsNobodyFromIt(t *testing.T) {
	r := Repo(t.TempDir())
	l, err := r.lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.lock(); !errors.Is(err, errHeld) {
		t.Fatalf("taken twice: %v", err)
	}
	l.release()
	done := make(chan struct{})
	var looking sync.WaitGroup
	for range 4 {
		looking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					if _, _, _, err := r.Held(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for range 300 {
		l, err := r.lock()
		if err != nil {
			t.Error(err)
			break
		}
		l.release()
	}
	close(done)
	looking.Wait()

	f, err := os.Open(r.at("lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // a test's
	if held, err := ownfile.Lock(f, true); held || err != nil {
		t.Fatalf("it is free: %v %v", held, err)
	}
	if _, err := r.lock(); !errors.Is(err, errHeld) {
		t.Errorf("one who stays is not one who looks: %v", err)
	}
}

func TestTheLockSaysHowManyBytesAreCopied(t *testing.T) {
	r := Repo(t.TempDir())
	l, err := r.lock()
	if err != nil {
		t.Fatal(err)
	}
	defer l.release()
	p := &progress{out: io.Discard, lock: l}
	for line, want := range map[string]ops.Copied{
		"  24576/98304 kB (25%), 0/1 tablespace (x)\r": {Part: ops.Num(0.25), Total: ops.Num(96 << 20)},
		" 98312/98304 kB (100%), 1/1 tablespace\n":     {Part: ops.Num(1), Total: ops.Num(96 << 20)}, // it copied more than it had guessed
	} {
		if _, err := p.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
		if held, _, done, err := r.Held(); !held || done != want || err != nil {
			t.Errorf("%q: held %v, %+v, %v; want %+v", line, held, done, err, want)
		}
	}
}
