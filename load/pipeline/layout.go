package pipeline

import "strings"

// table is one of a schema of ours. Its rows are written by the transactions of batches, each of
// a loan, where it has an id, and else once for all.
type table struct {
	name    string
	columns []column
	key     string // of columns; empty: none
}

// column is one of a table, and its type as the server calls it.
type column struct{ name, is string }

// layout are all tables of a schema.
func layout() []table {
	whole := func(names string) (all []column) {
		for n := range strings.SplitSeq(names, " ") {
			all = append(all, column{n, "bigint"})
		}
		return all
	}
	words := func(names string) (all []column) {
		for n := range strings.SplitSeq(names, " ") {
			all = append(all, column{n, "text"})
		}
		return all
	}
	join := func(parts ...[]column) (all []column) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	return []table{
		{"portfolio", join(whole("rows batch"), words("preset seed")), ""},
		{"grades", whole("grade years ppm"), "grade, years"},
		{"products", join(words("product"), whole("lgd_bp drawn_bp")), "product"},
		{"loans", join(whole("id"), words("product segment country currency"), []column{{"originated", "date"}, {"matures", "date"}},
			whole("principal balance undrawn rate_bp collateral days_past_due grade_origin grade"), []column{{"unlikely_to_pay", "boolean"}},
			whole("true_stage true_pd_ppm true_lgd_bp true_ead true_ecl")), "id"},
		{"staging", whole("id stage"), "id"}, {"pd", whole("id ppm"), "id"}, {"lgd", whole("id bp"), "id"}, {"ead", whole("id cents"), "id"}, {"ecl", whole("id cents"), "id"},
		{"batches", join(whole("number first rows wrong"), []column{{"ead", "numeric"}, {"ecl", "numeric"}, {"seconds", "double precision[]"}, {"at", "timestamp with time zone"}}), "number"},
	}
}

// tables are their names.
func tables() (all []string) {
	for _, t := range layout() {
		all = append(all, t.name)
	}
	return all
}

// definitions make them.
func definitions() (all []string) {
	for _, t := range layout() {
		var parts []string
		for _, c := range t.columns {
			def := c.name + " " + c.is + " NOT NULL"
			if c.name == "at" {
				def += " DEFAULT clock_timestamp()"
			}
			parts = append(parts, def)
		}
		if t.key != "" {
			parts = append(parts, "PRIMARY KEY ("+t.key+")")
		}
		all = append(all, "CREATE TABLE S."+t.name+" ("+strings.Join(parts, ", ")+")")
	}
	return all
}
