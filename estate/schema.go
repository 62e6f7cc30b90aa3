package estate

import (
	"bytes"
	"encoding/json"
)

// Schema returns the JSON Schema (2020-12) of an estate file, for editors. It
// is generated from the description that Load checks by. What a schema cannot
// say (does a source exist, is a reference set) only Load tells.
func Schema() []byte {
	doc := document(newDraft(nil))
	whole, part := schemaOf(doc, false), schemaOf(doc, true)
	root := map[string]any{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "opsdeck estate",
		"description": doc.meaning,
		"type":        "object",
		// With extends, any key may come from below, and null removes.
		"if":   map[string]any{"required": []string{"extends"}},
		"then": map[string]any{"$ref": "#/$defs/part"},
		"else": map[string]any{"$ref": "#/$defs/whole"},
		"$defs": map[string]any{
			"whole": whole,
			"part":  part,
			"reference": map[string]any{
				"description": "Text with references to the environment.",
				"type":        "string", "pattern": `\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}`,
			},
		},
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		return nil // maps, strings and numbers always encode
	}
	return b.Bytes()
}

// schemaOf returns the schema of k. part is for a file that extends another: no
// key is required there, and null removes.
func schemaOf(k key, part bool) map[string]any {
	if k.or != nil {
		return map[string]any{"anyOf": []any{schemaOf(k.main(), part), schemaOf(*k.or, false)}, "description": k.meaning}
	}
	var s map[string]any
	switch k.shape {
	case shapeMapping:
		s = schemaOfMapping(k, part)
	case shapeTable:
		s = map[string]any{"type": "object", "additionalProperties": orNull(schemaOf(*k.elem, part), part),
			"propertyNames": map[string]any{"pattern": k.pattern.expr}}
		if k.filled && !part {
			s["minProperties"] = 1
		}
	case shapeList:
		s = map[string]any{"type": "array", "items": schemaOf(*k.elem, false)}
	case shapeSecret:
		s = map[string]any{"type": "string", "pattern": `^\$\{[A-Za-z_][A-Za-z0-9_]*\}$`}
	default:
		if s = schemaOfScalar(k); k.literal || k.shape == shapeBlock {
			break
		}
		s = map[string]any{"anyOf": []any{s, map[string]any{"$ref": "#/$defs/reference"}}}
	}
	s = orNull(s, part && k.name != "")
	if k.meaning != "" {
		s["description"] = k.meaning
	}
	if k.fallback != "" && !k.composite() {
		s["default"] = literal(k, k.fallback)
	}
	return s
}

// orNull lets s also be null, which removes, where part says so.
func orNull(s map[string]any, part bool) map[string]any {
	if !part {
		return s
	}
	return map[string]any{"anyOf": []any{s, map[string]any{"type": "null"}}}
}

func schemaOfMapping(k key, part bool) map[string]any {
	if len(k.variants) == 0 {
		return schemaOfFields(k.exactly, k.fields, part)
	}
	if part {
		return schemaOfFields(k.exactly, k.fieldsFor(""), part)
	}
	var all []any
	for _, v := range k.variants {
		fields := k.fieldsFor(v.word)
		s := schemaOfFields(v.exactly, fields, part)
		s["properties"].(map[string]any)[k.by] = map[string]any{"const": v.word}
		all = append(all, s)
	}
	return map[string]any{"oneOf": all}
}

func schemaOfFields(of choice, fields []key, part bool) map[string]any {
	properties := make(map[string]any, len(fields))
	var required []string
	for _, f := range fields {
		properties[f.name] = schemaOf(f, part)
		if f.required {
			required = append(required, f.name)
		}
	}
	s := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 && !part {
		s["required"] = required
	}
	if len(of.names) > 0 && !part {
		var one []any
		for _, name := range of.names {
			one = append(one, map[string]any{"required": []string{name}})
		}
		s["oneOf"] = one
	}
	return s
}

func schemaOfScalar(k key) map[string]any {
	switch k.shape {
	case shapeWord:
		return map[string]any{"enum": k.words}
	case shapeNumber:
		return map[string]any{"type": "integer", "minimum": k.min, "maximum": k.max}
	case shapeFlag:
		return map[string]any{"type": "boolean"}
	case shapeDuration:
		return map[string]any{"type": "string", "pattern": `^[0-9.]+(ns|us|µs|ms|s|m|h|d|w|y)([0-9.]+(ns|us|µs|ms|s|m|h|d|w|y))*$`}
	case shapeAddress:
		return map[string]any{"type": "string", "pattern": k.address.pattern()}
	case shapeText:
		return map[string]any{"type": "string", "pattern": k.pattern.expr}
	}
	return map[string]any{"type": "string", "minLength": 1}
}

// literal returns a default as JSON has it.
func literal(k key, s string) any {
	switch k.shape {
	case shapeNumber:
		return json.Number(s)
	case shapeFlag:
		return s == "true"
	}
	return s
}
