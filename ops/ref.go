package ops

import "strings"

// Ref names one thing: its kind, the source that knows it (empty where there is
// only one place it can be), and its id there.
type Ref struct {
	Kind   Kind `json:"kind"`
	Source Text `json:"source,omitzero"`
	ID     Text `json:"id,omitzero"`
}

// NewRef returns the Ref of a thing; source and id are cleaned.
func NewRef(kind Kind, source, id string) Ref {
	return Ref{Kind: kind, Source: Clean(source), ID: Clean(id)}
}

// String returns kind:source/id, the form that ParseRef reads. It serves as a
// map key, as the target in the audit and on the command line.
func (r Ref) String() string {
	return r.Kind.String() + ":" + r.Source.String() + "/" + r.ID.String()
}

// Zero reports whether r names nothing.
func (r Ref) Zero() bool { return r == Ref{} }

// ParseRef reads what String wrote.
func ParseRef(s string) (Ref, error) {
	kind, rest, ok := strings.Cut(s, ":")
	source, id, ok2 := strings.Cut(rest, "/")
	var k Kind
	if err := k.UnmarshalText([]byte(kind)); err != nil || !ok || !ok2 {
		return Ref{}, Errorf(CodeInvalid, "%q is not a reference", s).Help("write kind:source/id, for example container:docker/web")
	}
	return NewRef(k, source, id), nil
}
