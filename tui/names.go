package tui

import (
	"fmt"
	"strings"

	"opsdeck/ops"
)

// names says what is meant: one by name, a few by their names, many by number. The
// ids of alerts and silences are nobody's names for them.
func (m *Model) names(refs []ops.Ref) string {
	switch {
	case len(refs) == 0:
		return "nothing"
	case refs[0].Kind == ops.KindEstate:
		return "the estate " + refs[0].ID.String()
	case len(refs) > 3:
		return fmt.Sprintf("%d %ss", len(refs), refs[0].Kind)
	}
	var out []string
	for _, r := range refs {
		out = append(out, m.nameOf(r))
	}
	return refs[0].Kind.String() + " " + strings.Join(out, ", ")
}
