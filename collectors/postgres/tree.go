package postgres

import (
	"cmp"
	"slices"

	"opsdeck/ops"
)

// trees are the sessions that block or are blocked, each tree root first and every
// session below the one it waits for. A session that waits for several stands below
// the first that is listed.
type trees struct {
	rows []ops.Session
	in   map[int]bool
}

// treesOf puts sessions into trees. The tree with the most waiters comes first.
// Sessions that wait for each other in a circle, which PostgreSQL ends after
// deadlock_timeout, hang below the lowest pid of them.
func treesOf(bs []ops.Session) trees {
	f := forest{by: map[int]ops.Session{}, below: map[int][]int{}, blocks: map[int]map[int]bool{}}
	for _, b := range bs {
		f.by[b.PID] = b
	}
	for _, b := range bs {
		for _, pid := range b.BlockedBy {
			f.below[pid] = append(f.below[pid], b.PID)
		}
	}
	for _, pids := range f.below {
		slices.Sort(pids)
	}
	t := trees{in: map[int]bool{}}
	for _, root := range f.roots(bs) {
		f.walk(&t, root, root, 0)
	}
	for _, b := range bs { // circles have no root
		if len(b.BlockedBy) > 0 && !t.in[b.PID] {
			f.walk(&t, b.PID, b.PID, 0)
		}
	}
	return t
}

type forest struct {
	by     map[int]ops.Session
	below  map[int][]int
	blocks map[int]map[int]bool
}

// roots are the sessions that block others and wait for none, or only for what is
// not listed.
func (f *forest) roots(bs []ops.Session) []int {
	var out []int
	for _, b := range bs {
		waits := slices.ContainsFunc(b.BlockedBy, func(pid int) bool { _, there := f.by[pid]; return there })
		if !waits && (len(f.below[b.PID]) > 0 || len(b.BlockedBy) > 0) {
			out = append(out, b.PID)
		}
	}
	slices.SortFunc(out, func(a, b int) int {
		return cmp.Or(cmp.Compare(len(f.waiters(b)), len(f.waiters(a))), cmp.Compare(a, b))
	})
	return out
}

// waiters are all that wait for a session, directly or not.
func (f *forest) waiters(pid int) map[int]bool {
	if seen := f.blocks[pid]; seen != nil {
		return seen
	}
	seen := map[int]bool{}
	for todo := []int{pid}; len(todo) > 0; {
		next := todo[0]
		todo = todo[1:]
		for _, p := range f.below[next] {
			if !seen[p] && p != pid {
				seen[p] = true
				todo = append(todo, p)
			}
		}
	}
	f.blocks[pid] = seen
	return seen
}

// walk lists a session and what waits for it. Each session is listed once.
func (f *forest) walk(t *trees, pid, root, depth int) {
	b, there := f.by[pid]
	if !there || t.in[pid] {
		return
	}
	t.in[pid] = true
	b.Depth, b.Root, b.Blocks = depth, root, len(f.waiters(pid))
	t.rows = append(t.rows, b)
	for _, p := range f.below[pid] {
		f.walk(t, p, root, depth+1)
	}
}
