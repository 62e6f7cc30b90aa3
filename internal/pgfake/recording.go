package pgfake

import (
	"fmt"
	"strings"
)

// A recording holds replies of a real server as text: for each a line with its name,
// a line with its columns (name and type), and a line for each row, columns apart by
// tabs and values as COPY writes them (\N is NULL). An empty line ends a reply.
//
//	# sizes
//	datname text	case int8
//	postgres	7434031
//	template0	\N

// inFile are the characters that stand otherwise in a recording.
var inFile = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// fromFile reverses inFile.
var fromFile = strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r")

// Recorded reads a recording.
func Recorded(text string) (map[string]Reply, error) {
	out := map[string]Reply{}
	for block := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(block, "\n")
		name, named := strings.CutPrefix(lines[0], "# ")
		if !named || len(lines) < 2 {
			return nil, fmt.Errorf("a reply has no name or no columns: %q", lines[0])
		}
		var r Reply
		for c := range strings.SplitSeq(lines[1], "\t") {
			column, kind, _ := strings.Cut(c, " ")
			r.Columns = append(r.Columns, Column{column, kind})
		}
		for _, line := range lines[2:] {
			var row []any
			for v := range strings.SplitSeq(line, "\t") {
				if v == `\N` {
					row = append(row, nil)
				} else {
					row = append(row, fromFile.Replace(v))
				}
			}
			if len(row) != len(r.Columns) {
				return nil, fmt.Errorf("%s: a row of %d values for %d columns", name, len(row), len(r.Columns))
			}
			r.Rows = append(r.Rows, row)
		}
		out[name] = r
	}
	return out, nil
}

// Recording writes one reply of a recording.
func Recording(name string, r Reply) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", name)
	for i, c := range r.Columns {
		b.WriteString(tab(i) + c.Name + " " + c.Type)
	}
	b.WriteString("\n")
	for _, row := range r.Rows {
		for i, v := range row {
			text := `\N`
			if v != nil {
				text = inFile.Replace(string(Written(v)))
			}
			b.WriteString(tab(i) + text)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func tab(i int) string {
	if i == 0 {
		return ""
	}
	return "\t"
}
