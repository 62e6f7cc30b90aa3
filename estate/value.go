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

// at follows a path of names. It and all that reads a value take nil: a part
// that is missing or faulty reads as nothing.
func (v *value) at(names ...string) *value {
	for _, name := range names {
		if v == nil {
			return nil
		}
		v = v.named(name)
	}
	return v
}

func (v *value) named(name string) *value {
	for _, m := range v.member {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func (v *value) str(names ...string) string {
	if v = v.at(names...); v == nil {
		return ""
	}
	return v.text
}

func (v *value) dur(names ...string) time.Duration {
	if v = v.at(names...); v == nil {
		return 0
	}
	return v.span
}

func (v *value) num(names ...string) int64 {
	if v = v.at(names...); v == nil {
		return 0
	}
	return v.number
}

func (v *value) yes(names ...string) bool {
	v = v.at(names...)
	return v != nil && v.flag
}

func (v *value) members(names ...string) []member {
	if v = v.at(names...); v == nil {
		return nil
	}
	return v.member
}

func (v *value) list(names ...string) []*value {
	if v = v.at(names...); v == nil {
		return nil
	}
	return v.items
}

// texts returns the entries of a list, or the one text that stands instead.
func (v *value) texts(names ...string) []string {
	if v = v.at(names...); v == nil {
		return nil
	}
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
