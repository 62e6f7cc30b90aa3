package estate

import "time"

// value is a checked value: what the file says, or the default.
type value struct {
	key   key
	node  *node // nil: the default
	place place

	text   string // after references were replaced; paths are made absolute
	number int64
	span   time.Duration
	flag   bool
	member []member // of a mapping or a table
	items  []*value
}

// member is one named value of a mapping or a table, in the order of the
// description, and of the file for a table.
type member struct {
	name  string
	place place
	value *value
}

// texts returns the entries of a list, or the one text that stands instead.
func (v *value) texts() []string {
	if v.key.shape != shapeList {
		return []string{v.text}
	}
	out := make([]string, 0, len(v.items))
	for _, i := range v.items {
		out = append(out, i.text)
	}
	return out
}

// shown is the value as the file says it, with references left in: the form
// that messages may quote.
func (v *value) shown() string {
	if v.node != nil {
		return short(v.node.raw)
	}
	return v.text
}
