package engine

import (
	"slices"
	"testing"
)

func TestParseControllers(t *testing.T) {
	const head = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
	for _, c := range []struct {
		name, table string
		names       []string
		v1          bool
	}{
		{"version 1 in use", head + "cpu\t3\t1\t1\nmemory\t5\t9\t1\nhugetlb\t0\t1\t0\n", []string{"cpu", "memory"}, true},
		{"version 2 owns them", head + "cpu\t0\t70\t1\nmemory\t0\t70\t1\n", []string{"cpu", "memory"}, false},
		{"no table", "", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			names, v1 := parseControllers(c.table)
			if !slices.Equal(names, c.names) || v1 != c.v1 {
				t.Errorf("got %v %v", names, v1)
			}
		})
	}
}
