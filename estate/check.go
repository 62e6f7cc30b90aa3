package estate

import (
	"fmt"
	"strings"
)

// checking walks a tree along the description and collects every fault.
type checking struct {
	env     func(string) (string, bool)
	faults  *Faults
	partial bool // an estate below could not be read: missing keys prove nothing
}

// value checks one value; nil means that it was faulty.
func (c *checking) value(k key, n *node, where string) *value {
	if n.kind == nodeNull {
		if !c.partial {
			c.faults.tell(n.place, where, "has no value, and nothing below it that it could remove", emptyRemedy(k))
		}
		return nil
	}
	if k.or != nil && n.kind != nodeMapping && n.kind != nodeList {
		return c.scalar(*k.or, n, where)
	}
	switch k.shape {
	case shapeMapping:
		return c.mapping(k, n, where)
	case shapeTable:
		return c.table(k, n, where)
	case shapeList:
		return c.list(k, n, where)
	}
	return c.scalar(k, n, where)
}

func emptyRemedy(k key) string {
	switch k.shape {
	case shapeMapping, shapeTable:
		return "write {} for an empty map, or leave the key out"
	case shapeList:
		return "write [] for an empty list, or leave the key out"
	}
	return "write a value, or leave the key out"
}

func (c *checking) wrongShape(k key, n *node, where string) {
	remedy := ""
	switch {
	case k.composite():
	case k.shape == shapeWord:
		remedy = "allowed: " + strings.Join(k.words, ", ")
	case (k.shape == shapeText || k.shape == shapeBlock) && n.kind != nodeMapping && n.kind != nodeList:
		remedy = "put it in quotes"
	case k.example != "":
		remedy = "for example " + k.example
	}
	c.faults.tell(n.place, where, fmt.Sprintf("wants %s, here is %s", k.noun(), nodeNouns[n.kind]), remedy)
}

func (c *checking) mapping(k key, n *node, where string) *value {
	if n.kind != nodeMapping {
		c.wrongShape(k, n, where)
		return nil
	}
	fields, word := k.fields, ""
	if len(k.variants) > 0 {
		word = k.standard(k.by)
		if e := n.entry(k.by); e != nil {
			word = expand(e.value.raw, c.env, nil).text
		}
		fields = k.fieldsFor(word)
	}
	meant := c.unknown(k, fields, n, where)
	v := &value{key: k, node: n, place: n.place}
	for _, f := range fields {
		if meant[f.name] {
			continue // misspelt, and told: that it is missing would be the same fault again
		}
		if m := c.field(f, n, where); m != nil {
			v.member = append(v.member, *m)
		}
	}
	c.exactlyOne(k.choiceFor(word), n, meant, where)
	return v
}

// field checks one field of a mapping, or takes its default.
func (c *checking) field(f key, n *node, where string) *member {
	inside := join(where, f.name)
	if e := n.entry(f.name); e != nil {
		if v := c.value(f, e.value, inside); v != nil {
			return &member{f.name, e.place, v}
		}
		return nil
	}
	if f.required && !c.partial && !n.holed {
		c.faults.tell(n.place, inside, "is missing", fmt.Sprintf("for example %s: %s", f.name, f.sample()))
		return nil
	}
	if v := c.missing(f); v != nil {
		return &member{f.name, place{}, v}
	}
	return nil
}

// missing returns the default of a key that the file leaves out, nil for none.
// The description's own defaults are checked by a test.
func (c *checking) missing(f key) *value {
	var v *value
	switch {
	case f.always:
		v = c.mapping(f, &node{kind: nodeMapping}, "")
	case f.fallback == "":
		return nil
	case f.shape == shapeTable:
		v = c.value(f, parse(&source{}, []byte(f.fallback), c.faults), "")
	default:
		v = c.read(f, f.fallback, f.fallback, place{}, "")
	}
	if v != nil {
		v.node = nil
	}
	return v
}

// sample is what a missing key could look like.
func (k key) sample() string {
	switch {
	case k.example != "":
		return k.example
	case k.composite():
		return "{...}"
	}
	return "..."
}

// unknown tells the keys that are none, and returns those they were probably
// meant to be.
func (c *checking) unknown(k key, fields []key, n *node, where string) map[string]bool {
	meant := map[string]bool{}
	names := make([]string, 0, len(fields))
	known := make(map[string]bool, len(fields))
	for _, f := range fields {
		names = append(names, f.name)
		known[f.name] = true
	}
	for _, e := range n.entries {
		if known[e.key] {
			continue
		}
		remedy := suggest(e.key, names)
		if near := nearest(e.key, names); near != "" && n.entry(near) == nil {
			meant[near] = true
		}
		if words := k.variantsWith(e.key); len(words) > 0 {
			remedy = fmt.Sprintf("it belongs to %s: %s", k.by, strings.Join(words, " or "))
		}
		c.faults.tell(e.place, join(where, short(e.key)), "unknown key", remedy)
	}
	return meant
}

func (c *checking) exactlyOne(of choice, n *node, meant map[string]bool, where string) {
	if len(of.names) == 0 || n.holed {
		return
	}
	var have []string
	for _, name := range of.names {
		if n.entry(name) != nil || meant[name] {
			have = append(have, name)
		}
	}
	switch list := strings.Join(of.names, ", "); len(have) {
	case 0:
		if !c.partial {
			c.faults.tell(n.place, where, of.none, "give one of "+list)
		}
	case 1:
	default:
		c.faults.tell(n.place, where, "has "+strings.Join(have, " and "), "give exactly one of "+list+"; "+of.both)
	}
}

func (c *checking) table(k key, n *node, where string) *value {
	if n.kind != nodeMapping {
		c.wrongShape(k, n, where)
		return nil
	}
	v := &value{key: k, node: n, place: n.place}
	for _, e := range n.entries {
		inside := join(where, short(e.key))
		if !k.pattern.allows(e.key) {
			c.faults.tell(e.place, inside, "not a name that can stand here", "allowed: "+k.pattern.words)
			continue
		}
		if m := c.value(*k.elem, e.value, inside); m != nil {
			v.member = append(v.member, member{e.key, e.place, m})
		}
	}
	if k.filled && len(n.entries) == 0 && !c.partial && !n.holed {
		c.faults.tell(n.place, where, "is empty", "at least one entry has to be there")
	}
	return v
}

func (c *checking) list(k key, n *node, where string) *value {
	if n.kind != nodeList {
		c.wrongShape(k, n, where)
		return nil
	}
	v := &value{key: k, node: n, place: n.place}
	for i, item := range n.items {
		if m := c.value(*k.elem, item, fmt.Sprintf("%s[%d]", where, i)); m != nil {
			v.items = append(v.items, m)
		}
	}
	return v
}
