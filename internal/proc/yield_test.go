package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// yields is a process that lets others go first and then starts children, from several
// threads, which say what they are.
func yields() int {
	var all sync.WaitGroup
	var errs [4]error
	began := make(chan struct{})
	for i := range errs {
		all.Go(func() {
			if <-began; errs[i] == nil {
				var out Output
				out, errs[i] = Run(context.Background(), Spec{Argv: []string{"cat", "/proc/self/stat"}})
				fmt.Print(string(out.Stdout))
			}
		})
	}
	err := Yield()
	close(began)
	all.Wait()
	if err := errors.Join(append(errs[:], err)...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// TestWhoYieldsStartsChildrenThatYield, whichever of its threads does.
func TestWhoYieldsStartsChildrenThatYield(t *testing.T) {
	out, err := Run(t.Context(), Spec{Argv: []string{os.Args[0]}, Env: as("yields")})
	said := strings.Split(strings.TrimSpace(string(out.Stdout)), "\n")
	if err != nil || out.Code != 0 || len(said) != 4 {
		t.Fatalf("%v, exit code %d: %q %s", err, out.Code, said, out.Stderr)
	}
	for _, line := range said {
		if nice := strings.Fields(line)[18]; nice != "19" {
			t.Errorf("a child is at %s: %s", nice, line)
		}
	}
}
