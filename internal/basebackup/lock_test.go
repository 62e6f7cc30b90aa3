package basebackup

import (
	"errors"
	"os"
	"sync"
	"testing"

	"opsdeck/internal/ownfile"
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
