package estate

import (
	"slices"
	"strings"
)

// DescribedKeys returns the path of every key in the description, as the
// reference writes it.
func DescribedKeys() []string {
	var out []string
	var walk func(k key, where string)
	walk = func(k key, where string) {
		for ; k.elem != nil; k = *k.elem {
			where += map[shape]string{shapeTable: ".<name>", shapeList: "[]"}[k.shape]
		}
		fields := k.fields
		for _, v := range k.variants {
			fields = append(fields[:len(fields):len(fields)], v.fields...)
		}
		for _, f := range fields {
			out = append(out, join(where, f.name))
			walk(f, join(where, f.name))
		}
	}
	walk(document(newDraft(nil)), "")
	return out
}

// Described is one key of the description, for tests.
type Described struct {
	Where, Meaning, Example, Fallback string
	Words                             []string
	Pattern                           string
	Secret, Composite                 bool
}

// HTTPKeys returns the described keys of http_config by their YAML path.
func HTTPKeys() map[string]Described {
	out := map[string]Described{}
	var walk func(k key, where string)
	walk = func(k key, where string) {
		for k.elem != nil {
			k = *k.elem
		}
		if where != "" {
			out[where] = Described{Secret: k.shape == shapeSecret, Composite: k.composite()}
		}
		for _, f := range k.fields {
			walk(f, strings.TrimPrefix(where+"."+f.name, "."))
		}
	}
	walk(key{fields: httpKeys()}, "")
	return out
}

// Description returns every key, elements included.
func Description() []Described {
	var out []Described
	var walk func(k key, where string)
	walk = func(k key, where string) {
		out = append(out, Described{where, k.meaning, k.example, k.fallback, k.words, k.pattern.expr, k.shape == shapeSecret, k.composite()})
		if k.elem != nil {
			walk(*k.elem, where+"[]")
		}
		if k.or != nil {
			walk(*k.or, where+"|")
		}
		for _, f := range k.fields {
			walk(f, join(where, f.name))
		}
		for _, v := range k.variants {
			for _, f := range v.fields {
				walk(f, join(where, v.word+"."+f.name))
			}
		}
	}
	walk(document(newDraft(nil)), "")
	return out
}

// CheckDefaults returns the faults of the description's own defaults.
func CheckDefaults() Faults {
	var faults Faults
	c := &checking{faults: &faults, env: func(string) (string, bool) { return "", false }}
	var walk func(k key)
	walk = func(k key) {
		c.missing(k)
		if k.elem != nil {
			walk(*k.elem)
		}
		for _, f := range k.fields {
			walk(f)
		}
		for _, v := range k.variants {
			for _, f := range v.fields {
				walk(f)
			}
		}
	}
	walk(document(newDraft(nil)))
	return faults
}

// Binding is what one key is bound to.
type Binding struct {
	Where string
	Bound any    // pointer to the field that takes the value as it is; nil: none does
	Taken bool   // something takes the value
	Shape string // as a message calls it
}

// Bindings returns the keys that hold a value of their own, without those that are
// handed to prometheus/common, and the names of choices that no key has.
func Bindings() (all []Binding, astray []string) {
	var walk func(k key, where string)
	walk = func(k key, where string) {
		if k.name == "http_config" || k.name == "tls_config" {
			all = append(all, Binding{where, nil, k.fill != nil, k.noun()})
			return
		}
		if k.shape != shapeMapping {
			all = append(all, Binding{where, k.bound, k.fill != nil, k.noun()})
		}
		if k.elem != nil && k.elem.shape == shapeMapping {
			walk(*k.elem, where+"[]")
		}
		astray = append(astray, k.exactly.notAmong(k.fields, where)...)
		for _, f := range k.fields {
			walk(f, join(where, f.name))
		}
		for _, v := range k.variants {
			astray = append(astray, v.exactly.notAmong(v.fields, where)...)
			for _, f := range v.fields {
				walk(f, join(where, v.word+"."+f.name))
			}
		}
	}
	walk(document(newDraft(nil)), "")
	return all, astray
}

func (c choice) notAmong(fields []key, where string) []string {
	var out []string
	for _, name := range c.names {
		if !slices.ContainsFunc(fields, func(f key) bool { return f.name == name }) {
			out = append(out, join(where, name))
		}
	}
	return out
}
