package main

import (
	"context"
	"strings"
	"testing"
)

func TestConsolesThatAreNotThereAreSaidToBeNotMeasured(t *testing.T) {
	if got := compare(context.Background(), &stage{}, "", nil).Markdown(); !strings.Contains(got, "Not measured: "+peersVar) {
		t.Errorf("without a folder: %q", got)
	}
	missing := try(context.Background(), theirs(&stage{}, t.TempDir(), "ctop", nil))
	done := tried{bytes: 1127, keys: pressed{bytes: []int64{99}}}
	c := compare(context.Background(), &stage{}, "", nil)
	lay(c, []tried{done, missing})
	got := c.Markdown()
	if !strings.Contains(got, "| bytes per idle minute | 1127 | not measured: no ctop in the folder of "+peersVar+" |") {
		t.Errorf("%s", got)
	}
}
