package estate

import (
	"regexp"
	"slices"
	"sync"
	"time"

	"opsdeck/ops"
)

// shape is what a value looks like in YAML.
type shape uint8

const (
	shapeText  shape = iota
	shapeBlock       // text taken as it stands, of one or more lines: a query, a procedure
	shapeWord        // one of a closed list
	shapeNumber
	shapeFlag
	shapeDuration
	shapeAddress // a URL
	shapeSecret  // only as a whole ${NAME}
	shapePath    // a file; relative to the estate file it stands in
	shapeMapping // fixed keys
	shapeTable   // free names -> values of one shape
	shapeList
)

// key describes one key of an estate file. The tables of keys are the only
// description there is: checking, schema, reference and show all walk them.
type key struct {
	name     string
	shape    shape
	meaning  string
	example  string
	fallback string // the default as it would be written; empty: none
	required bool

	words    []string // shapeWord: those allowed
	pattern  pattern  // shapeText, and the names of a shapeTable
	min, max int64    // shapeNumber
	shortest time.Duration
	longest  time.Duration
	address  address
	place    placing   // shapeText with a grammar of its own
	fields   []key     // shapeMapping
	elem     *key      // shapeTable and shapeList
	literal  bool      // scalars: holds no reference to the environment
	filled   bool      // shapeTable: at least one entry
	variants []variant // shapeMapping: more fields, chosen by the word of the key that by names
	by       string
	exactly  choice // shapeMapping: exactly one of these keys
	always   bool   // shapeMapping: there, with its defaults, even where it is left out
	or       *key   // shapeTable and shapeList: the scalar that may stand instead
	inside   bool   // shapePath: may lie inside the program

	unsound func(string) (what, remedy string) // shapeBlock: what of a text is wrong, and what to do; empty: nothing

	fill  func(*draft, *said) // takes what the file says; nil: only what is in it does
	bound any                 // pointer to the field that fill sets, where it is one
}

// sourceBy is the key whose word chooses what a source may say.
const sourceBy = "kind"

// variant is the fields a mapping has for one word of the key that chooses.
type variant struct {
	word    string
	fields  []key
	exactly choice
}

// choice is keys of which exactly one has to be there.
type choice struct {
	names []string
	none  string // what a mapping without any of them is told
	both  string // what to do about two of them
}

// pattern is a regular expression and what it means in words.
type pattern struct{ expr, words string }

// compiled holds the expressions of patterns, by their text: the keys are made
// anew with every estate that is read, and to compile one expression for every
// value was most of what a console's start cost.
var compiled sync.Map

// allows reports whether s is one line that p matches and a view can print.
func (p pattern) allows(s string) bool {
	expr, known := compiled.Load(p.expr)
	if !known {
		expr, _ = compiled.LoadOrStore(p.expr, regexp.MustCompile(p.expr))
	}
	return expr.(*regexp.Regexp).MatchString(s) && ops.Clean(s).String() == s
}

// address narrows what a URL may be.
type address struct {
	schemes []string
	bare    bool // no user, query or fragment
}

// fieldsFor returns the fields of a mapping whose choosing key says word; for
// a word that is none, all fields there are, so that the one wrong word does
// not make every other key a fault.
func (k key) fieldsFor(word string) []key {
	fields := k.fields
	seen := map[string]bool{}
	for _, v := range k.variants {
		if v.word == word {
			return append(fields[:len(fields):len(fields)], v.fields...)
		}
	}
	for _, v := range k.variants {
		for _, f := range v.fields {
			if !seen[f.name] {
				seen[f.name] = true
				f.required = false // of which kind it would be is not known
				fields = append(fields[:len(fields):len(fields)], f)
			}
		}
	}
	return fields
}

// standard is the default of a field; empty: it has none.
func (k key) standard(name string) string {
	for _, f := range k.fields {
		if f.name == name {
			return f.fallback
		}
	}
	return ""
}

// variantsWith returns the words whose variants have a field of that name.
func (k key) variantsWith(name string) []string {
	var words []string
	for _, v := range k.variants {
		if slices.ContainsFunc(v.fields, func(f key) bool { return f.name == name }) {
			words = append(words, v.word)
		}
	}
	return words
}

// choiceFor returns the keys of which a mapping whose choosing key says word
// has to have exactly one.
func (k key) choiceFor(word string) choice {
	for _, v := range k.variants {
		if v.word == word {
			return v.exactly
		}
	}
	return k.exactly
}

// main is k without the scalar that may stand instead.
func (k key) main() key {
	k.or = nil
	return k
}

// composite reports whether values of k hold other values.
func (k key) composite() bool {
	return k.shape == shapeMapping || k.shape == shapeTable || k.shape == shapeList
}

// noun is what a value of k is called in a message.
func (k key) noun() string {
	if k.or != nil {
		return k.main().noun() + " or " + k.or.noun()
	}
	return shapeNouns[k.shape]
}

var shapeNouns = [...]string{shapeText: "text", shapeBlock: "text", shapeWord: "a word", shapeNumber: "a whole number",
	shapeFlag: "true or false", shapeDuration: "a duration", shapeAddress: "a URL", shapeSecret: "a reference to the environment",
	shapePath: "a file name", shapeMapping: "a map", shapeTable: "a map", shapeList: "a list"}
