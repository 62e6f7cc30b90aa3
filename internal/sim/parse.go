package sim

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// parseExpr reads an expression; see expr for how much of PromQL that is.
func parseExpr(text string) (expr, error) {
	p := &exprParser{text: text}
	for _, m := range tokens.FindAllString(text, -1) {
		if m = strings.TrimSpace(m); m != "" {
			p.tokens = append(p.tokens, m)
		}
	}
	x, err := p.restriction()
	if err != nil {
		return nil, err
	}
	if p.peek() != "" {
		return nil, notUnderstood(text)
	}
	return x, nil
}

// Names, numbers, strings, operators, and anything else a rune at a time.
var tokens = regexp.MustCompile("\\s+|[a-zA-Z_:][a-zA-Z0-9_:]*|[0-9.]+(?:[eE][+-]?[0-9]+|[a-z]+)?|\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])*'|[<>=!]=|=~|!~|.")

type exprParser struct {
	text   string
	tokens []string
	at     int
}

func (p *exprParser) peek() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return ""
}

func (p *exprParser) next() string {
	t := p.peek()
	p.at++
	return t
}

// take takes a token if it is the next one.
func (p *exprParser) take(t string) bool {
	if p.peek() != t {
		return false
	}
	p.at++
	return true
}

// restriction reads "x and on (label) y".
func (p *exprParser) restriction() (expr, error) {
	x, err := p.comparison()
	for err == nil && p.take("and") {
		if !p.take("on") {
			return nil, notUnderstood(p.text)
		}
		r := restricted{of: x, on: p.names()}
		r.by, err = p.comparison()
		x = r
	}
	return x, err
}

func (p *exprParser) comparison() (expr, error) {
	return p.chain([]string{">", "<", ">=", "<=", "==", "!="}, func() (expr, error) {
		return p.chain([]string{"+", "-"}, func() (expr, error) {
			return p.chain([]string{"*", "/"}, p.operand)
		})
	})
}

// chain reads operands of one rank.
func (p *exprParser) chain(ops []string, operand func() (expr, error)) (expr, error) {
	left, err := operand()
	for err == nil && slices.Contains(ops, p.peek()) {
		op := p.next()
		var right expr
		if right, err = operand(); err == nil {
			if _, one := left.(number); !one {
				if _, two := right.(number); !two {
					return nil, notUnderstood(p.text) // matching two vectors
				}
			}
			left = operation{op, left, right}
		}
	}
	return left, err
}

func (p *exprParser) operand() (expr, error) {
	t := p.next()
	switch {
	case t == "(":
		x, err := p.comparison()
		if err == nil && !p.take(")") {
			err = notUnderstood(p.text)
		}
		return x, err
	case t == "":
		return nil, notUnderstood(p.text)
	}
	if n, err := parseNumber(t); err == nil {
		return number(n), nil
	}
	if t == "vector" && p.take("(") {
		n, err := parseNumber(p.next())
		if err != nil || !p.take(")") {
			return nil, notUnderstood(p.text)
		}
		return constant(n), nil
	}
	if t == "absent" && p.take("(") {
		x, err := p.selector(p.next())
		s, ok := x.(selector)
		if err != nil || !ok || !p.take(")") {
			return nil, notUnderstood(p.text)
		}
		return absent{s}, nil
	}
	op, over := strings.CutSuffix(t, "_over_time")
	if slices.Contains([]string{"sum", "min", "max", "avg", "count"}, op) && (over || p.peek() == "(" || p.peek() == "by") {
		return p.aggregate(op, over)
	}
	if !model.LegacyValidation.IsValidMetricName(t) {
		return nil, notUnderstood(p.text)
	}
	return p.selector(t)
}

func (p *exprParser) aggregate(op string, over bool) (expr, error) {
	a := aggregation{op: op}
	if p.take("by") {
		a.by = p.names()
	}
	if !p.take("(") {
		return nil, notUnderstood(p.text)
	}
	var err error
	if a.of, err = p.comparison(); err != nil {
		return nil, err
	}
	if over {
		if !p.take("[") {
			return nil, notUnderstood(p.text)
		}
		d, err := model.ParseDuration(p.next())
		if err != nil || !p.take("]") || d <= 0 {
			return nil, notUnderstood(p.text)
		}
		a.over = time.Duration(d)
	}
	if !p.take(")") {
		return nil, notUnderstood(p.text)
	}
	if p.take("by") {
		a.by = p.names()
	}
	return a, nil
}

func (p *exprParser) names() []string {
	var out []string
	for p.take("("); p.peek() != ")" && p.peek() != ""; p.take(",") {
		out = append(out, p.next())
	}
	p.take(")")
	return out
}

func (p *exprParser) selector(metric string) (expr, error) {
	s := selector{metric: metric}
	if !p.take("{") {
		return s, nil
	}
	for !p.take("}") {
		name, op, text := p.next(), p.next(), p.next()
		if len(text) < 2 || !slices.Contains([]string{"=", "!=", "=~", "!~"}, op) {
			return nil, notUnderstood(p.text)
		}
		m, err := newMatcher(name, text[1:len(text)-1], op[0] == '=', strings.HasSuffix(op, "~"))
		if err != nil {
			return nil, notUnderstood(p.text)
		}
		s.match = append(s.match, m)
		p.take(",")
	}
	return s, nil
}
