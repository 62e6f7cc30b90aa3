package estate

import "strings"

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
	walk(document(), "")
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
	walk(document(), "")
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
	walk(document())
	return faults
}
