package estate

import (
	"encoding"
	"fmt"
	"time"

	"opsdeck/ops"
)

// draft is a File in the making, and what only making it needs. The description of
// keys is written against its fields, so that a key is named once and its field is one
// that the compiler knows.
type draft struct {
	File
	services []serviceEntry
	runbooks []runbookEntry
	sources  []*Source // of every kind, in the order of the file
	unknown  []*Docker // sources whose kind is none: what they say is checked all the same
	said     map[any]*said
	faults   *Faults
}

func newDraft(faults *Faults) *draft { return &draft{said: map[any]*said{}, faults: faults} }

// said is what an estate says of a field: the value, and where it stands.
type said struct {
	*value
	where string // as faults call it
	entry place  // of the key before the value
}

// of returns what the estate says of a bound field, by a pointer to it; nil: nothing,
// or only a fault.
func (d *draft) of(field any) *said { return d.said[field] }

// tell adds a fault.
func (d *draft) tell(p place, where, what, remedy string) {
	d.faults.tell(p, where, what, remedy)
}

// bindable are the fields that take a value as it was checked.
type bindable interface {
	string | ops.Text | time.Duration | int | uint16 | bool | []string | []ops.Text | ops.Environment | ops.Role | ops.Rank | ops.ContainerDuty | ops.BackupEngine | ops.LoadDriver | ops.LoadKind
}

// bind gives the field that into points to what the file says of a key.
func bind[T bindable](into *T, k key) key {
	k.bound = into
	k.fill = func(d *draft, s *said) {
		d.said[into] = s
		set(into, s.value)
	}
	return k
}

// bindBy lets fill take what the file says, where a field does not hold it as it is.
func bindBy(k key, fill func(d *draft, s *said)) key {
	k.fill = fill
	return k
}

// set stores a value. Words that the domain does not know were refused by the check;
// then the zero value stays, which claims least.
func set(into any, v *value) {
	switch p := into.(type) {
	case *string:
		*p = v.text
	case *ops.Text:
		*p = ops.Clean(v.text)
	case *time.Duration:
		*p = v.span
	case *int:
		*p = int(v.number)
	case *uint16:
		*p = uint16(v.number)
	case *bool:
		*p = v.flag
	case *[]string:
		*p = v.texts()
	case *[]ops.Text:
		for _, s := range v.texts() {
			*p = append(*p, ops.Clean(s))
		}
	case encoding.TextUnmarshaler:
		_ = p.UnmarshalText([]byte(v.text)) // see above
	}
}

// table binds a map of free names: entry describes the element of one name.
func table[T any](into *[]T, k key, entry func(name string, e *T) key) key {
	elem := entry("", new(T))
	k.shape, k.elem = shapeTable, &elem
	k.fill = func(d *draft, s *said) {
		if len(s.member) == 0 {
			return
		}
		*into = make([]T, len(s.member)) // whole at once: what is bound must not move
		for i, m := range s.member {
			e := &(*into)[i]
			d.said[e] = &said{m.value, join(s.where, m.name), m.place}
			d.fill(entry(m.name, e), d.said[e])
		}
	}
	return k
}

// fill hands a checked value, and all that is in it, to what the key is bound to.
func (d *draft) fill(k key, s *said) {
	if k.fill != nil {
		k.fill(d, s)
	}
	if k.shape != shapeMapping {
		return
	}
	fields := k.fields
	if len(k.variants) > 0 {
		fields = k.fieldsFor(s.word(k.by))
	}
	for _, f := range fields {
		for _, m := range s.member {
			if m.name == f.name {
				d.fill(f, &said{m.value, join(s.where, m.name), m.place})
			}
		}
	}
}

// list binds a list: item describes one element.
func list[T any](into *[]T, k key, item func(e *T) key) key {
	elem := item(new(T))
	k.shape, k.elem = shapeList, &elem
	k.fill = func(d *draft, s *said) {
		if len(s.items) == 0 {
			return
		}
		*into = make([]T, len(s.items))
		for i, v := range s.items {
			e := &(*into)[i]
			d.said[e] = &said{v, fmt.Sprintf("%s[%d]", s.where, i), v.place}
			d.fill(item(e), d.said[e])
		}
	}
	return k
}

// note remembers what the file says of a mapping whose fields are bound themselves.
func note(into any, k key) key {
	return bindBy(k, func(d *draft, s *said) { d.said[into] = s })
}
