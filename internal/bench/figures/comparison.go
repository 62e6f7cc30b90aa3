package figures

import (
	"fmt"
	"strings"
)

// Comparison is several programs side by side, measured the same way in one run.
type Comparison struct {
	Title    string
	Notes    []string
	Programs []string
	rows     []string
}

// Add puts a figure of every program into the comparison, in their order.
func (c *Comparison) Add(what string, cells ...string) {
	line := "| " + what
	for _, cell := range cells {
		line += " | " + strings.ReplaceAll(cell, "|", "/")
	}
	c.rows = append(c.rows, line+" |\n")
}

// Markdown is the comparison as the document holds it.
func (c *Comparison) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", c.Title)
	for _, n := range c.Notes {
		fmt.Fprintf(&b, "%s\n", n)
	}
	if len(c.rows) == 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "\n| what | %s |\n|%s\n", strings.Join(c.Programs, " | "), strings.Repeat("---|", len(c.Programs)+1))
	for _, r := range c.rows {
		b.WriteString(r)
	}
	return b.String()
}
