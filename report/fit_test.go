package report

import (
	"math/rand"
	"strings"
	"testing"
)

// Whatever rows a table has: it fits, no column that matters is below its least
// width or left out while another has more than its own, and one long row takes
// nothing from the others.
func TestNoRowTakesAColumnThatMattersFromTheOthers(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 3000 {
		table := Table{}
		for i := range 2 + r.Intn(6) {
			c := Column{Title: strings.Repeat("T", 2+r.Intn(6)), Priority: 10 * (i + 1 + r.Intn(5))}
			if r.Intn(2) == 0 {
				c.Min = 8 + r.Intn(12)
			}
			table.Columns = append(table.Columns, c)
		}
		for range 1 + r.Intn(8) {
			var row Row
			for _, c := range table.Columns {
				n := 1 + r.Intn(10)
				if c.Min > 0 && r.Intn(4) == 0 {
					n = r.Intn(300)
				}
				row.Cells = append(row.Cells, text(strings.Repeat("x", n)))
			}
			table.Rows = append(table.Rows, row)
		}
		w := 10 + r.Intn(190)
		fields := Fit(table, w)
		used, slack, met := -1, 0, map[int]bool{}
		for _, f := range fields {
			used += f.Width + 1
			met[f.Column] = true
			if least := leastOf(table, f.Column); f.Width > least {
				slack += f.Width - least
			} else if f.Width < least && len(fields) > 1 {
				t.Fatalf("column %d has %d of %d cells: %v in %d", f.Column, f.Width, least, fields, w)
			}
		}
		if used > w {
			t.Fatalf("%d cells in %d: %v", used, w, fields)
		}
		for i, c := range table.Columns {
			if want, _ := NaturalWidth(table, i, allOf(table)); want > 0 && !met[i] && c.Priority >= matters && slack+w-used > leastOf(table, i) {
				t.Fatalf("column %d of priority %d is left out, and others have %d cells to spare: %v in %d", i, c.Priority, slack, fields, w)
			}
		}
	}
}

func leastOf(t Table, column int) int {
	_, firm := NaturalWidth(t, column, allOf(t))
	if c := t.Columns[column]; c.Min > 0 {
		return min(firm, max(c.Min, Width(c.Title)))
	}
	return firm
}

func TestOneLongRowDoesNotSetTheWidthOfAColumn(t *testing.T) {
	table := Table{Columns: []Column{{Key: "state", Title: "STATE", Priority: 99}, {Key: "what", Title: "WHAT", Priority: 100, Min: 24},
		{Key: "since", Title: "SINCE", Right: true, Priority: 90}, {Key: "why", Title: "WHY", Priority: 50, Min: 16}}}
	for _, what := range []string{"api killed", "prom warns", "db full", strings.Repeat("w", 200)} {
		table.Rows = append(table.Rows, Row{Cells: []Cell{text("CRITICAL"), text(what), text("12m"), text(strings.Repeat("y", 60))}})
	}
	got := Fit(table, 78)
	if len(got) != 4 || got[1].Width > 31 || got[3].Width < 30 {
		t.Errorf("%v", got)
	}
}

func TestWhatMattersLittleTakesNothingFromTheCauseOfOneRow(t *testing.T) {
	table := Table{Columns: containerColumns()}
	for i := range 12 {
		r := Row{Cells: make([]Cell, len(table.Columns))}
		for c, words := range []string{"ifrs9-data-generator", "running", "17m", "healthy", "0", "0.5%", "6.0M/64.0M", "", "127.0.0.1:18002->8002", ""} {
			r.Cells[c] = text(words)
		}
		if i == 0 {
			r.Cells[1], r.Cells[7] = text("running again"), text("died 11:52:52Z, exit code 137: killed (SIGKILL)")
		}
		table.Rows = append(table.Rows, r)
	}
	for _, f := range Fit(table, 118) {
		if key := table.Columns[f.Column].Key; key == "ports" || key == "cause" && f.Width < 40 {
			t.Errorf("%s has %d cells", key, f.Width)
		}
	}
	table.Rows = table.Rows[1:]
	if all := Fit(table, 118); table.Columns[all[len(all)-1].Column].Key != "ports" {
		t.Errorf("where nothing has a cause the ports are not shown: %v", all)
	}
}
