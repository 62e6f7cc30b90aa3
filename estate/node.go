package estate

// nodeKind is what a node of the file is.
type nodeKind uint8

const (
	nodeNull nodeKind = iota
	nodeText
	nodeInteger
	nodeFloat
	nodeFlag
	nodeMapping
	nodeList
)

var nodeNouns = [...]string{"nothing", "text", "a whole number", "a number", "true or false", "a map", "a list"}

// node is one value of a file and where it stands. Nodes do not change after
// parsing; merging makes new ones.
type node struct {
	place
	kind    nodeKind
	raw     string // of a scalar, before references are replaced
	entries []entry
	items   []*node
	// holed: entries were dropped as faulty, so that a missing key proves nothing.
	holed bool
}

// place is where something stands.
type place struct {
	src  *source
	line int
	col  int
}

// source is one file that was read.
type source struct {
	name    string // as messages say it
	dir     string // what relative paths start from; empty for a shipped one
	shipped bool
}

// entry is one key of a mapping and its value.
type entry struct {
	place
	key   string
	value *node
}

// entry returns the entry of that key, or nil.
func (n *node) entry(key string) *entry {
	if n == nil {
		return nil
	}
	for i := range n.entries {
		if n.entries[i].key == key {
			return &n.entries[i]
		}
	}
	return nil
}

// merge lays over on base: maps merge, everything else replaces, and null
// removes what base has. A null that removes nothing stays, to be told.
func merge(base, over *node) *node {
	if base.kind != nodeMapping || over.kind != nodeMapping {
		return over
	}
	out := &node{place: over.place, kind: nodeMapping, holed: base.holed || over.holed}
	done := make(map[string]bool, len(base.entries))
	overs := make(map[string]int, len(over.entries))
	for i, e := range over.entries {
		overs[e.key] = i
	}
	for _, e := range base.entries {
		done[e.key] = true
		if i, ok := overs[e.key]; ok {
			o := over.entries[i]
			if o.value.kind == nodeNull {
				continue
			}
			e = entry{place: o.place, key: e.key, value: merge(e.value, o.value)}
		}
		out.entries = append(out.entries, e)
	}
	for _, e := range over.entries {
		if !done[e.key] {
			out.entries = append(out.entries, e)
		}
	}
	return out
}

// names adds the names of all files that have a part in n, in the order met.
func (n *node) names(add func(string)) {
	if n == nil {
		return
	}
	if len(n.entries) == 0 && len(n.items) == 0 {
		add(n.src.name)
	}
	for _, e := range n.entries {
		e.value.names(add)
	}
	for _, i := range n.items {
		i.names(add)
	}
}
