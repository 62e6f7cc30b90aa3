package estate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The parts of a PromQL expression, in the order in which they are tried.
var (
	promqlPart   = regexp.MustCompile(`^(?:(\s+|#[^\n]*)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|` + "`[^`]*`" + `)|((?:\.?[0-9])(?:[eE][+-][0-9]|[\w.])*)|(:?[A-Za-z_][\w:]*)|(==|!=|<=|>=|=~|!~|[-+*/%^<>=@])|([({[])|([)}\]])|([,:]))`)
	promqlNumber = regexp.MustCompile(`^(?i:0x[0-9a-f_]+|[0-9_]*\.?[0-9_]*(e[+-]?[0-9]+)?|([0-9]+(ms|s|m|h|d|w|y))+)$`)
	// What may stand beside an operand without an operator between the two.
	promqlWords = []string{"and", "or", "unless", "atan2", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "anchored", "smoothed", "fill", "fill_left", "fill_right"}
)

// The kinds of parts, as promqlPart counts them.
const (
	partSpace = iota + 1
	partString
	partNumber
	partName
	partOperator
	partOpen
	partClose
	partSeparator
	partWord // of promqlWords
)

// bracket is one that is open.
type bracket struct {
	text string
	word bool // it belongs to a word: on (a), after which an operand may stand
}

// promql reads an expression as far as every server reads it alike: its parts, brackets and
// operators. Functions and types are the server's to know.
type promql struct {
	open   []bracket
	before string // the part before, and its kind; 0: there is none
	kind   int
}

// unsound says what of a PromQL expression no server can read, and what to do about it;
// empty: nothing was found.
func unsound(text string) (what, remedy string) {
	var p promql
	for text != "" {
		m := promqlPart.FindStringSubmatch(text)
		if m == nil {
			return noPart(text)
		}
		text = text[len(m[0]):]
		kind := slices.IndexFunc(m[1:], func(s string) bool { return s != "" }) + 1
		if kind == partSpace {
			continue
		}
		if kind == partName && slices.Contains(promqlWords, strings.ToLower(m[0])) {
			kind = partWord
		}
		if what, remedy = p.takes(m[0], kind); what != "" {
			return what, remedy
		}
		p.before, p.kind = m[0], p.kindOf(m[0], kind)
	}
	switch n := len(p.open); {
	case p.kind == 0:
		return "holds no expression", "write one, for example 100 * avg(up)"
	case n > 0:
		return fmt.Sprintf("no PromQL: a %s is never closed", p.open[n-1].text), "close it"
	case p.kind == partOperator:
		return fmt.Sprintf("no PromQL: nothing follows the %s at its end", p.before), "write what it is for, or leave it out"
	}
	return "", ""
}

// noPart is for what is the beginning of nothing.
func noPart(text string) (what, remedy string) {
	first := string([]rune(text)[:1])
	if first == `"` || first == "'" || first == "`" {
		return fmt.Sprintf("no PromQL: the string that begins with %s does not end", short(text)), "close it"
	}
	return fmt.Sprintf("no PromQL: %s means nothing there", first), "leave it out, or put it in a string"
}

// takes says why a part cannot stand where it is.
func (p *promql) takes(part string, kind int) (what, remedy string) {
	operand := func(k int) bool { return k == partString || k == partNumber || k == partName || k == partClose }
	starts := p.kind == 0 || p.kind == partOperator || p.kind == partOpen || p.kind == partSeparator
	inside := ""
	if n := len(p.open); n > 0 {
		inside = p.open[n-1].text
	}
	switch {
	case kind == partNumber && !promqlNumber.MatchString(part):
		return fmt.Sprintf("no PromQL: %s is neither a number nor a duration", part), "write it as 0.5 or as 5m"
	case kind != partClose && operand(kind) && operand(p.kind):
		return fmt.Sprintf("no PromQL: %s cannot follow %s", part, p.before), "put an operator between them, or take one away"
	case kind == partOperator && starts && part != "+" && part != "-":
		return fmt.Sprintf("no PromQL: nothing stands before the %s", part), "write what it is for, or leave it out"
	case kind == partOperator && inside != "{" && (part == "=" || part == "=~" || part == "!~"):
		return fmt.Sprintf("no PromQL: %s stands outside of {}", part), "compare with ==, or put the label in {}"
	case kind == partClose && p.kind == partOperator:
		return fmt.Sprintf("no PromQL: nothing follows the %s", p.before), "write what it is for, or leave it out"
	case kind == partClose && inside != map[string]string{")": "(", "}": "{", "]": "["}[part]:
		return fmt.Sprintf("no PromQL: the %s closes nothing", part), "take it out, or open it"
	}
	return "", ""
}

// kindOf is how what comes next sees a part: brackets that belong to a word are one with it.
func (p *promql) kindOf(part string, kind int) int {
	switch n := len(p.open); kind {
	case partOpen:
		p.open = append(p.open, bracket{part, p.kind == partWord})
	case partClose:
		of := p.open[n-1]
		p.open = p.open[:n-1]
		if of.word {
			return partWord
		}
	}
	return kind
}
