package estate

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What a file may cost. The parser's time grows with the square of the depth
// and of the number of keys, and its stack with the depth, so both are bounded
// before it sees the file.
const (
	maxSize   = 256 << 10 // bytes
	maxTokens = 30_000
	maxDepth  = 24
	maxNodes  = 30_000 // after aliases were followed
)

// parse reads one file's text. Faults go to fault; nil means that there is
// nothing to go on with.
func parse(src *source, text []byte, faults *Faults) *node {
	p := &parsing{src: src, faults: faults, anchors: map[string]*node{}}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !p.readable(text) {
		return nil
	}
	if !p.affordable(lexer.Tokenize(string(text))) {
		return nil
	}
	f, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p.syntax(err)
		return nil
	}
	var body ast.Node
	for _, d := range f.Docs {
		if _, directive := d.Body.(*ast.DirectiveNode); directive || d.Body == nil {
			continue
		}
		if body != nil {
			p.fault(at(d.Body), "", "a second document begins here", "one file holds one estate")
			return nil
		}
		body = d.Body
	}
	if body == nil {
		p.fault(nil, "", "the file is empty", "`opsdeck init` writes a starter estate")
		return nil
	}
	n := p.convert(body, place{src, 1, 1}, "")
	if n != nil && n.kind != nodeMapping {
		p.fault(at(body), "", "an estate is a map of keys, here is "+nodeNouns[n.kind], "begin with `estate: NAME`")
		return nil
	}
	return n
}

type parsing struct {
	src     *source
	faults  *Faults
	anchors map[string]*node
	nodes   int
	over    bool // nodes passed maxNodes, and that was told
}

func at(n ast.Node) *token.Position {
	if n == nil || n.GetToken() == nil {
		return nil
	}
	return n.GetToken().Position
}

func (p *parsing) fault(pos *token.Position, where, what, remedy string) {
	spot := place{src: p.src} // the file as a whole
	if pos != nil {
		spot = p.place(pos)
	}
	p.faults.tell(spot, where, what, remedy)
}

// readable tells what no parser would say well.
func (p *parsing) readable(text []byte) bool {
	before := len(*p.faults)
	for i, line := range strings.Split(string(text), "\n") {
		if !utf8.ValidString(line) {
			col := 1
			for _, r := range line {
				if r == utf8.RuneError {
					break
				}
				col++
			}
			p.fault(&token.Position{Line: i + 1, Column: col}, "", "not UTF-8", "save the file as UTF-8")
			return false
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 && strings.TrimSpace(line) != "" {
			p.fault(&token.Position{Line: i + 1, Column: tab + 1}, "", "a tab in the indentation", "use spaces")
		}
		if strings.IndexByte(line, 0) >= 0 {
			p.fault(&token.Position{Line: i + 1, Column: 1}, "", "a NUL character", "an estate is a text file")
			return false
		}
	}
	return len(*p.faults) == before
}

// affordable bounds depth and size by the tokens alone. Block collections nest
// by column, flow collections by bracket, and anchors and tags by repetition.
func (p *parsing) affordable(tokens token.Tokens) bool {
	if len(tokens) > maxTokens {
		p.fault(nil, "", "too much in one file", "an estate has at most some thousand keys")
		return false
	}
	var columns []int
	flow, prefix := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow = max(flow-1, 0)
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			if flow > 0 {
				break
			}
			for len(columns) > 0 && columns[len(columns)-1] >= t.Position.Column {
				columns = columns[:len(columns)-1]
			}
			columns = append(columns, t.Position.Column)
		}
		switch t.Type {
		case token.AnchorType, token.TagType:
			prefix++
		default:
			prefix = 0
		}
		// Each level of a map may count twice: by its key's colon and by an entry.
		if flow+prefix+len(columns) > 2*maxDepth {
			p.fault(t.Position, "", "nested too deep", "an estate is a few levels deep")
			return false
		}
	}
	return true
}

// syntax tells the parser's error. Its own text would quote the file's lines,
// and those may hold a secret, so only its message is taken.
func (p *parsing) syntax(err error) {
	var told yaml.Error
	if !errors.As(err, &told) {
		p.fault(nil, "", "not YAML", "")
		return
	}
	var pos *token.Position
	if t := told.GetToken(); t != nil {
		pos = t.Position
	}
	p.fault(pos, "", "not YAML: "+told.GetMessage(), "")
}
