package tui

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
)

// judged paints a judgement, which is not known any more where it is not fresh.
func judged(fresh bool) func(ops.Level) themes.Role {
	return func(l ops.Level) themes.Role {
		if l == ops.LevelOK && !fresh {
			l = ops.LevelUnknown
		}
		return role(report.ToneOf(l))
	}
}

// heading is a title with an empty line above it.
func heading(th themes.Theme, s string, w int) []string {
	return []string{"", th.Paint(themes.Title, clip(th, s, w))}
}

// factLines are a group of facts under its title: names in a column, values
// wrapped beside them. ink says how a judged value is painted.
func factLines(th themes.Theme, g ops.FactGroup, w int, ink func(ops.Level) themes.Role) []string {
	lines := heading(th, g.Title.String(), w)
	names := 0
	for _, f := range g.Facts {
		names = max(names, width(f.Name.String()))
	}
	names = min(names, max(8, w/3))
	for _, f := range g.Facts {
		role := themes.Plain
		if f.Level != ops.LevelUnknown {
			role = ink(f.Level)
		}
		values := wrapped(th, f.Value.String(), w-names-4, 4)
		if len(values) == 0 {
			values = []string{report.Never}
		}
		for i, v := range values {
			name := ""
			if i == 0 {
				name = f.Name.String()
			}
			lines = append(lines, "  "+th.Paint(themes.Muted, fit(th, name, names, false))+"  "+th.Paint(role, v))
		}
	}
	return lines
}
