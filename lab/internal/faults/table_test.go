package faults

import (
	"strings"
	"testing"
)

func TestEveryFaultIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Table() {
		if f.Name == "" || f.Line == "" || strings.Contains(f.Line, "\n") || f.Apply == nil || f.Heal == nil {
			t.Errorf("%+v is not complete", f.Name)
		}
		if seen[f.Name] || f.Name == "all" {
			t.Errorf("%s: name is taken", f.Name)
		}
		seen[f.Name] = true
		if got, err := Find(f.Name); err != nil || got.Name != f.Name {
			t.Errorf("find %s: %v", f.Name, err)
		}
	}
	if _, err := Find("nope"); err == nil {
		t.Error("an unknown fault was found")
	}
}
