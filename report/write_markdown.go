package report

import (
	"fmt"
	"strings"

	"opsdeck/ops"
)

// asMarkdown writes tables that keep their structure whatever the cells hold.
func asMarkdown(s Snapshot) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", md(join(" ", "opsdeck", s.Estate, s.place())))
	fmt.Fprintf(&b, "%s, %s\n", ops.Dated(s.Now), md(s.Verdict))
	if len(s.Unknowns) > 0 {
		b.WriteString("\nNot known:\n\n")
		for _, u := range s.Unknowns {
			fmt.Fprintf(&b, "- %s\n", md(u))
		}
	}
	for _, t := range s.Tables {
		mdTable(&b, t)
	}
	return b.String()
}

func mdTable(b *strings.Builder, t Table) {
	fmt.Fprintf(b, "\n## %s\n\n", md(t.Name))
	if len(t.Rows) == 0 {
		fmt.Fprintf(b, "%s\n", md(t.Note))
		return
	}
	grouped := t.Rows[0].Group != ""
	head, rule := "|", "|"
	if grouped {
		head, rule = "| GROUP |", "| --- |"
	}
	for _, c := range t.Columns {
		head += " " + md(c.Title) + " |"
		if c.Right {
			rule += " ---: |"
		} else {
			rule += " --- |"
		}
	}
	fmt.Fprintf(b, "%s\n%s\n", head, rule)
	rows, rest := readable(t)
	for _, r := range rows {
		b.WriteByte('|')
		if grouped {
			fmt.Fprintf(b, " %s |", md(r.Group))
		}
		for _, c := range r.Cells {
			fmt.Fprintf(b, " %s |", md(c.Text))
		}
		b.WriteByte('\n')
	}
	if rest != "" {
		fmt.Fprintf(b, "\n%s\n", rest)
	}
}

// md escapes what Markdown would act on. < and & become entities, because a
// viewer that allows HTML would run what a container is called.
func md(s string) string {
	return strings.NewReplacer(
		`\`, `\\`, "|", `\|`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`,
		"#", `\#`, "~", `\~`, "!", `\!`, "&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", " ", "\r", " ",
	).Replace(s)
}
