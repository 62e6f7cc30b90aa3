package draw

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
)

// Judged paints a judgement, which is not known any more where it is not fresh.
func Judged(fresh bool) func(ops.Level) themes.Role {
	return func(l ops.Level) themes.Role {
		if l == ops.LevelOK && !fresh {
			l = ops.LevelUnknown
		}
		return Role(report.ToneOf(l))
	}
}

// Heading is a title with an empty line above it.
func Heading(th themes.Theme, s string, w int) []string {
	return []string{"", th.Paint(themes.Title, Clip(th, s, w))}
}

// Facts are a group of facts under its title: names in a column, values
// wrapped beside them. ink says how a judged value is painted.
func Facts(th themes.Theme, g ops.FactGroup, w int, ink func(ops.Level) themes.Role) []string {
	lines := Heading(th, g.Title.String(), w)
	names := 0
	for _, f := range g.Facts {
		names = max(names, Width(f.Name.String()))
	}
	names = min(names, max(8, w/3))
	for _, f := range g.Facts {
		role := themes.Plain
		if f.Level != ops.LevelUnknown {
			role = ink(f.Level)
		}
		values := Wrapped(th, f.Value.String(), w-names-4, 4)
		if len(values) == 0 {
			values = []string{ops.Never}
		}
		for i, v := range values {
			name := ""
			if i == 0 {
				name = f.Name.String()
			}
			lines = append(lines, "  "+th.Paint(themes.Muted, Fit(th, name, names, false))+"  "+th.Paint(role, v))
		}
	}
	return lines
}
