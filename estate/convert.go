package estate

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// convert turns the parser's node into ours. here is where the value's key
// stands: a block collection has no place of its own worth showing.
func (p *parsing) convert(n ast.Node, here place, where string) *node {
	if p.nodes++; p.nodes > maxNodes {
		if !p.over {
			p.over = true
			p.fault(at(n), where, "too much in one file once its aliases are followed", "write values out, or share them with extends")
		}
		return nil
	}
	switch v := n.(type) {
	case *ast.MappingNode:
		return p.mapping(v.Values, here, where)
	case *ast.MappingValueNode:
		return p.mapping([]*ast.MappingValueNode{v}, here, where)
	case *ast.SequenceNode:
		return p.list(v, here, where)
	case *ast.AnchorNode:
		return p.anchor(v, here, where)
	case *ast.AliasNode:
		name := v.Value.GetToken().Value
		if known := p.anchors[name]; known != nil {
			p.nodes += known.size()
			return known
		}
		p.fault(at(n), where, fmt.Sprintf("alias *%s has no anchor before it", name), "")
		return nil
	case *ast.TagNode:
		p.fault(at(n), where, "tags have no meaning here", "leave the "+v.Start.Value+" out")
		return nil
	}
	return p.scalar(n, where)
}

func (p *parsing) scalar(n ast.Node, where string) *node {
	pos := at(n)
	out := &node{}
	switch v := n.(type) {
	case *ast.NullNode:
		out.kind = nodeNull
	case *ast.StringNode:
		out.kind, out.raw = nodeText, v.Value
	case *ast.LiteralNode:
		out.kind, out.raw = nodeText, v.Value.Value
	case *ast.IntegerNode:
		out.kind, out.raw = nodeInteger, v.Token.Value
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.kind, out.raw = nodeFloat, n.GetToken().Value
	case *ast.BoolNode:
		out.kind, out.raw = nodeFlag, v.Token.Value
	default:
		p.fault(pos, where, "not a value that an estate can hold", "")
		return nil
	}
	out.place = p.place(pos)
	return out
}

func (p *parsing) place(pos *token.Position) place {
	if pos == nil {
		return place{p.src, 1, 1}
	}
	return place{p.src, max(pos.Line, 1), max(pos.Column, 1)}
}

func (p *parsing) mapping(values []*ast.MappingValueNode, here place, where string) *node {
	out := &node{place: here, kind: nodeMapping}
	seen := make(map[string]place, len(values))
	for _, v := range values {
		pos := at(v.Key)
		name, ok := keyName(v.Key)
		if !ok {
			what := "not a key that an estate can have"
			if v.Key.IsMergeKey() {
				what = "merge keys have no meaning here"
			}
			p.fault(pos, where, what, "share values with extends, or write them out")
			out.holed = true
			continue
		}
		spot, inside := p.place(pos), join(where, name)
		if first, twice := seen[name]; twice {
			p.fault(pos, inside, fmt.Sprintf("given twice, first in line %d", first.line), "keep one")
			continue
		}
		seen[name] = spot
		value := p.convert(v.Value, spot, inside)
		if value == nil {
			out.holed = true
			continue
		}
		out.entries = append(out.entries, entry{place: spot, key: name, value: value})
	}
	return out
}

// keyName returns the text of a plain key.
func keyName(k ast.MapKeyNode) (string, bool) {
	switch v := k.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return k.GetToken().Value, true
	}
	return "", false
}

func (p *parsing) list(v *ast.SequenceNode, here place, where string) *node {
	out := &node{place: here, kind: nodeList}
	for i, item := range v.Values {
		spot := p.place(at(item))
		if m, ok := item.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
			spot = p.place(at(m.Values[0].Key))
		}
		if value := p.convert(item, spot, fmt.Sprintf("%s[%d]", where, i)); value != nil {
			out.items = append(out.items, value)
		}
	}
	return out
}

// anchor learns the name only after its value, so that nothing can hold itself.
func (p *parsing) anchor(v *ast.AnchorNode, here place, where string) *node {
	value := p.convert(v.Value, here, where)
	if value != nil && v.Name != nil {
		p.anchors[v.Name.GetToken().Value] = value
	}
	return value
}

// size returns how many nodes n holds. Counting stops where it no longer matters.
func (n *node) size() int {
	total := 1
	for _, e := range n.entries {
		if total += e.value.size(); total > maxNodes {
			return total
		}
	}
	for _, i := range n.items {
		if total += i.size(); total > maxNodes {
			return total
		}
	}
	return total
}

// join writes a key behind the path to it.
func join(where, key string) string {
	if where == "" {
		return key
	}
	return where + "." + key
}
