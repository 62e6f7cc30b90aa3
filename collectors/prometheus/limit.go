package prometheus

import (
	"math"
	"strconv"
	"strings"
)

// limit is the right side of a comparison with a number.
type limit struct {
	text  string // "> 5"
	value float64
}

// splitLimit splits "expression > 5" into the expression and its limit. It
// splits nothing but a single comparison on the outermost level with a plain
// number behind it: everything else is left whole rather than read wrongly.
func splitLimit(expr string) (left string, l limit, ok bool) {
	at, op := -1, ""
	depth := 0
	for i := 0; i < len(expr); i++ {
		switch ch := expr[i]; ch {
		case '"', '\'', '`':
			end := closing(expr, i)
			if end < 0 {
				return expr, limit{}, false
			}
			i = end
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			depth--
		case '>', '<', '=', '!':
			if depth > 0 {
				continue
			}
			if at >= 0 {
				return expr, limit{}, false // a second comparison
			}
			at, op = i, expr[i:i+1]
			if i+1 < len(expr) && expr[i+1] == '=' {
				op += "="
				i++
			}
		case '#':
			return expr, limit{}, false // a comment may hide anything
		}
	}
	if at <= 0 {
		return expr, limit{}, false
	}
	right := strings.TrimSpace(expr[at+len(op):])
	value, err := strconv.ParseFloat(right, 64)
	left = strings.TrimSpace(expr[:at])
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) || left == "" || joins(left) {
		return expr, limit{}, false
	}
	return left, limit{text: op + " " + right, value: value}, true
}

// joins reports whether a set operator stands on the outermost level: in
// "a and b > 5" the comparison belongs to b alone.
func joins(expr string) bool {
	var flat strings.Builder
	depth := 0
	for i := 0; i < len(expr); i++ {
		switch ch := expr[i]; ch {
		case '"', '\'', '`':
			i = max(i, closing(expr, i))
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			depth--
			flat.WriteByte(' ')
		default:
			if depth == 0 {
				flat.WriteByte(ch)
			}
		}
	}
	for _, word := range strings.Fields(flat.String()) {
		switch strings.ToLower(word) {
		case "and", "or", "unless":
			return true
		}
	}
	return false
}

// closing returns where the string that begins at i ends, or -1.
func closing(s string, i int) int {
	quote := s[i]
	for i++; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quote != '`':
			i++
		case s[i] == quote:
			return i
		}
	}
	return -1
}
