package estate

import (
	_ "embed"
	"fmt"
	"strings"
)

// referenceHead says what is true of every key.
//
//go:embed reference_head.md
var referenceHead string

// Reference returns the reference of every key as Markdown. It is generated
// from the description that Load checks by.
func Reference() []byte {
	w := &manual{}
	w.WriteString(referenceHead)
	fmt.Fprintf(w, "Shipped estates, whose name can stand for a path: %s.\n", strings.Join(Shipped(), ", "))
	w.section(document(newDraft(nil)), "")
	return []byte(w.String())
}

// manual writes the reference: a section for each mapping, a row for each key.
type manual struct{ strings.Builder }

func (w *manual) section(k key, where string) {
	if where != "" {
		fmt.Fprintf(w, "\n## %s\n\n%s\n", where, k.meaning)
	}
	w.choice(k.exactly)
	w.rows(k.fields, where)
	for _, v := range k.variants {
		fmt.Fprintf(w, "\n### %s with %s: %s\n", where, k.by, v.word)
		w.choice(v.exactly)
		w.rows(v.fields, where)
	}
	w.below(k.fields, where)
	for _, v := range k.variants {
		w.below(v.fields, where)
	}
}

func (w *manual) choice(of choice) {
	if len(of.names) > 0 {
		fmt.Fprintf(w, "\nExactly one of %s.\n", strings.Join(of.names, ", "))
	}
}

func (w *manual) rows(fields []key, where string) {
	w.WriteString("\n| key | type | default | meaning | example |\n|---|---|---|---|---|\n")
	for _, f := range fields {
		standard := "none"
		switch {
		case f.required:
			standard = "**required**"
		case f.fallback != "":
			standard = code(f.fallback)
		}
		example := ""
		if f.example != "" {
			example = code(f.name + ": " + f.example)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", code(join(where, f.name)), f.kindInWords(), standard, f.meaning, example)
	}
}

// below writes the sections of what fields hold.
func (w *manual) below(fields []key, where string) {
	for _, f := range fields {
		inside, k := join(where, f.name), f
		for k.shape == shapeTable || k.shape == shapeList {
			if k.shape == shapeTable {
				inside += ".<name>"
			} else {
				inside += "[]"
			}
			k = *k.elem
		}
		if k.shape == shapeMapping {
			w.section(k, inside)
		}
	}
}

// kindInWords says what a value of k may be.
func (k key) kindInWords() string {
	if k.or != nil {
		return k.main().kindInWords() + "; or " + k.or.kindInWords()
	}
	switch k.shape {
	case shapeBlock:
		return "text of one or more lines, taken as it stands"
	case shapeWord:
		return "one of " + code(strings.Join(k.words, "`, `"))
	case shapeNumber:
		return fmt.Sprintf("whole number, %d to %d", k.min, k.max)
	case shapeFlag:
		return "true or false"
	case shapeDuration:
		return fmt.Sprintf("duration, %s to %s", spell(k.shortest), spell(k.longest))
	case shapeAddress:
		return "URL: " + code(strings.Join(k.address.schemes, "://`, `")+"://")
	case shapeSecret:
		return "secret: " + code(`"${NAME}"`) + " only"
	case shapePath:
		return "file name"
	case shapeMapping:
		return "map, see below"
	case shapeTable:
		return "map of name to " + k.elem.kindInWords()
	case shapeList:
		return "list of " + k.elem.kindInWords()
	}
	return "text: " + k.pattern.words
}

func code(s string) string { return "`" + strings.ReplaceAll(s, "|", "\\|") + "`" }
