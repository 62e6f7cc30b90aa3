package estate

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Show returns the effective estate as YAML: after extends, with the defaults.
// Comments say which file each section and source came from. What comes from
// the environment, secrets included, is shown as the reference that the file
// holds, so the result is itself an estate and tells no value.
func Show(path string, env func(string) (string, bool)) ([]byte, error) {
	d, root, names := check(path, env)
	if err := d.faults.err(names); err != nil {
		return nil, err
	}
	w := &showing{}
	fmt.Fprintf(w, "# the effective estate, read from %s\n", strings.Join(names, ", "))
	for _, m := range root.member {
		if m.name == "extends" {
			continue
		}
		w.member(m, 0)
	}
	return []byte(w.String()), nil
}

type showing struct{ strings.Builder }

func (w *showing) member(m member, depth int) {
	fmt.Fprintf(w, "%s%s:", strings.Repeat("  ", depth), plainOrQuoted(m.name))
	comment := "" // for the sections and the entries of sources
	if depth == 0 || len(m.value.key.variants) > 0 {
		comment = "  # " + origin(m.value)
	}
	w.value(m.value, depth, comment)
}

func (w *showing) value(v *value, depth int, comment string) {
	indent := strings.Repeat("  ", depth+1)
	switch {
	case v.key.shape == shapeList && len(v.items) > 0:
		w.WriteString(comment + "\n")
		for _, i := range v.items {
			if len(i.member) > 0 {
				var inner showing
				for _, m := range i.member {
					inner.member(m, depth+2)
				}
				w.WriteString(indent + "- " + strings.TrimLeft(inner.String(), " "))
				continue
			}
			w.WriteString(indent + "-")
			w.value(i, depth+1, "")
		}
	case v.key.shape == shapeList:
		w.WriteString(" []" + comment + "\n")
	case v.key.composite() && len(v.member) > 0:
		w.WriteString(comment + "\n")
		for _, m := range v.member {
			w.member(m, depth+1)
		}
	case v.key.composite():
		w.WriteString(" {}" + comment + "\n")
	case v.key.shape == shapeBlock && strings.Contains(v.text, "\n") && !strings.Contains(v.text, "\t"):
		// The check has trimmed it, so that its first line sets the indentation.
		w.WriteString(" |" + comment + "\n")
		for _, line := range strings.Split(v.text, "\n") {
			w.WriteString(strings.TrimRight(indent+line, " ") + "\n")
		}
	default:
		w.WriteString(" " + v.written() + comment + "\n")
	}
}

// written is a scalar as the file would hold it.
func (v *value) written() string {
	switch {
	case v.node != nil && v.key.shape != shapeBlock && fromEnvironment(v.node.raw):
		return quoted(v.node.raw)
	case v.key.shape == shapeNumber:
		return strconv.FormatInt(v.number, 10)
	case v.key.shape == shapeFlag:
		return strconv.FormatBool(v.flag)
	case v.key.shape == shapeDuration:
		return spell(v.span)
	}
	return plainOrQuoted(v.text)
}

// origin names the files that have a part in v.
func origin(v *value) string {
	if v.node == nil {
		return "default"
	}
	var names []string
	seen := map[string]bool{}
	v.node.names(func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	})
	return "from " + strings.Join(names, " and ")
}

var (
	plain    = regexp.MustCompile(`^[A-Za-z_/][A-Za-z0-9_./@-]*$`)
	notPlain = regexp.MustCompile(`(?i)^(true|false|null|yes|no|on|off|y|n|~)$`)
)

// plainOrQuoted writes s so that YAML reads the same text back.
func plainOrQuoted(s string) string {
	if plain.MatchString(s) && !notPlain.MatchString(s) {
		return s
	}
	return quoted(s)
}

// quoted writes s in double quotes; a JSON string is a YAML one.
func quoted(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // else >= would be \u003e=
	if err := enc.Encode(s); err != nil {
		return `""` // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}
