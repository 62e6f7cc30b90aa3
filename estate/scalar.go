package estate

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"opsdeck/ops"
)

// scalar checks that n is a scalar of k's shape and replaces its references.
func (c *checking) scalar(k key, n *node, where string) *value {
	if n.kind == nodeMapping || n.kind == nodeList {
		c.wrongShape(k, n, where)
		return nil
	}
	if k.shape == shapeSecret && !wholeReference(n.raw) {
		c.clearSecret(k, n, where)
		return nil
	}
	if k.literal && fromEnvironment(n.raw) {
		c.faults.tell(n.place, where, "cannot hold a reference to the environment", "write the name itself")
		return nil
	}
	if k.shape == shapeBlock {
		return c.block(k, n, where)
	}
	place := k.place
	if k.shape == shapeAddress {
		place = inURL
	}
	x := expand(n.raw, c.env, place)
	switch {
	case x.broken:
		c.faults.tell(n.place, where, "holds a ${ that is no reference", "write ${NAME} or ${NAME:-default}, with letters, digits and underscore in the name")
		return nil
	case x.strayed:
		c.faults.tell(n.place, where, "begins with a reference that stands for more than one part", "let it stand for the whole value, or for one part: the user, the password, the host, the path")
		return nil
	}
	for _, name := range x.missing {
		what := "the environment has no " + name
		if _, set := c.env(name); set {
			what = name + " is empty in the environment"
		}
		c.faults.tell(n.place, where, what, missingRemedy(k, name))
	}
	if len(x.missing) > 0 || !c.written(k, n, where) {
		return nil
	}
	if k.shape == shapeAddress && !k.address.bare && clearPassword(n.raw) {
		c.faults.tell(n.place, where, "a password in clear text", "write it as ${NAME}, and set NAME where opsdeck is started")
		return nil
	}
	checked := x.text
	if k.shape == shapeText {
		checked = x.written
	}
	v := c.read(k, checked, short(n.raw), n.place, where)
	if v == nil {
		return nil
	}
	v.node, v.text = n, x.text
	if k.shape == shapePath {
		v.text = n.src.resolve(k, x.text)
	}
	return v
}

// maxBlock bounds a query or a procedure in the file, in bytes.
const maxBlock = 32 << 10

// block takes text as it stands: a ${1} of label_replace is no reference, nor is
// a ${HOME} in a command.
func (c *checking) block(k key, n *node, where string) *value {
	if n.kind != nodeText {
		c.wrongShape(k, n, where)
		return nil
	}
	text := strings.TrimSpace(strings.ReplaceAll(n.raw, "\r\n", "\n"))
	unseen := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) })
	switch {
	case text == "":
		c.faults.tell(n.place, where, "is empty", "write a value, or leave the key out")
		return nil
	case len(text) > maxBlock:
		c.faults.tell(n.place, where, fmt.Sprintf("longer than %d KiB", maxBlock>>10), "")
		return nil
	case unseen >= 0:
		c.faults.tell(n.place, where, "holds characters that cannot be shown", "")
		return nil
	}
	if k.unsound != nil {
		if what, remedy := k.unsound(text); what != "" {
			c.faults.tell(n.place, where, what, remedy)
			return nil
		}
	}
	return &value{key: k, node: n, place: n.place, text: text}
}

// inProgram begins the name of a file inside the program.
const inProgram = "shipped:"

// resolve makes a file's name independent of the file it stands in.
func (s *source) resolve(k key, name string) string {
	switch {
	case k.inside && strings.HasPrefix(name, inProgram):
		return name
	case k.inside && s.shipped:
		return inProgram + name
	case filepath.IsAbs(name) || s.dir == "":
		return name
	}
	return filepath.Join(s.dir, name)
}

func missingRemedy(k key, name string) string {
	if k.shape == shapeSecret {
		return "set it where opsdeck is started, or use the key's *_file form"
	}
	return fmt.Sprintf("set it where opsdeck is started, or write ${%s:-default}", name)
}

func (c *checking) clearSecret(k key, n *node, where string) {
	remedy := "write \"${NAME}\", without a default, and set NAME where opsdeck is started"
	if k.name != "" {
		remedy += fmt.Sprintf("; or use %s_file", k.name)
	}
	what := "a secret in clear text"
	if fromEnvironment(n.raw) {
		what = "a secret has to be one reference and nothing else"
	}
	c.faults.tell(n.place, where, what, remedy)
}

// written checks that the value is written as its shape wants it: a number
// without quotes, a text that YAML does not take for something else. What comes
// from the environment is text whatever it is meant for.
func (c *checking) written(k key, n *node, where string) bool {
	if fromEnvironment(n.raw) {
		return true
	}
	want := nodeText
	switch k.shape {
	case shapeNumber:
		want = nodeInteger
	case shapeFlag:
		want = nodeFlag
	}
	if n.kind == want {
		return true
	}
	switch {
	case k.shape == shapeDuration && n.kind == nodeInteger:
		c.faults.tell(n.place, where, "wants a duration, here is a number without a unit", "write a unit, for example "+k.example)
	case want == nodeText:
		c.wrongShape(k, n, where)
	default:
		c.faults.tell(n.place, where, fmt.Sprintf("wants %s, here is %s", k.noun(), nodeNouns[n.kind]), "for example "+k.example)
	}
	return false
}

// read reads text as k wants it. Faults quote only shown, which is what the
// file says: what the environment says stays out of messages.
func (c *checking) read(k key, text, shown string, p place, where string) *value {
	v := &value{key: k, place: p, text: text}
	wrong := func(what, remedy string) *value {
		c.faults.tell(p, where, what, remedy)
		return nil
	}
	if text == "" {
		return wrong("is empty", "write a value, or leave the key out")
	}
	if !utf8.ValidString(text) {
		return wrong("holds bytes that are not UTF-8", "")
	}
	switch k.shape {
	case shapeWord:
		if !slices.Contains(k.words, text) {
			return wrong(fmt.Sprintf("%q is not one of the words allowed here", shown), wordRemedy(shown, k.words))
		}
	case shapeText:
		if !k.pattern.allows(text) {
			return wrong("not allowed here", "allowed: "+k.pattern.words)
		}
	case shapeNumber:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < k.min || n > k.max {
			return wrong(fmt.Sprintf("%q is not a whole number from %d to %d", shown, k.min, k.max), "for example "+k.example)
		}
		v.number = n
	case shapeFlag:
		if text != "true" && text != "false" {
			return wrong(fmt.Sprintf("%q is neither true nor false", shown), "")
		}
		v.flag = text == "true"
	case shapeDuration:
		d, what, remedy := k.duration(text, shown)
		if what != "" {
			return wrong(what, remedy)
		}
		v.span = d
	case shapeAddress:
		if what, remedy := k.address.check(text); what != "" {
			return wrong(what, remedy)
		}
	case shapePath:
		if ops.Clean(text).String() != text {
			return wrong("holds characters that cannot be shown", "")
		}
	}
	return v
}

func wordRemedy(text string, words []string) string {
	if near := nearest(text, words); near != "" {
		return fmt.Sprintf("did you mean %q? allowed: %s", near, strings.Join(words, ", "))
	}
	return "allowed: " + strings.Join(words, ", ")
}

// duration reads a duration within k's bounds, or says what is wrong and what
// to do.
func (k key) duration(text, shown string) (d time.Duration, what, remedy string) {
	d, ok := ops.ParseDuration(text)
	if !ok {
		return 0, fmt.Sprintf("%q is not a duration", shown), "write a number and a unit, for example " + k.example
	}
	if d < k.shortest || d > k.longest {
		return 0, fmt.Sprintf("%q is not between %s and %s", shown, spell(k.shortest), spell(k.longest)), "for example " + k.example
	}
	return d, "", ""
}

// spell writes a duration as an estate would: 5m rather than 5m0s, 7d rather
// than 168h0m0s.
func spell(d time.Duration) string {
	const day = 24 * time.Hour
	if d > day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
