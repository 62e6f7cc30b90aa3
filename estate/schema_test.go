package estate_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// conforms checks v against the keywords that the schema uses; another keyword
// is an error, so that none is passed over.
func conforms(root, s map[string]any, v any, at string) error {
	for word, arg := range s {
		if err := keyword(root, s, word, arg, v, at); err != nil {
			return err
		}
	}
	return nil
}

func keyword(root, s map[string]any, word string, arg, v any, at string) error {
	fail := func() error { return fmt.Errorf("%s: %s %v refuses %v", at, word, arg, v) }
	sub := func(x any) error { return conforms(root, x.(map[string]any), v, at) }
	count := func(list any) (n int) {
		for _, x := range list.([]any) {
			if sub(x) == nil {
				n++
			}
		}
		return n
	}
	object, isObject := v.(map[string]any)
	text, isText := v.(string)
	number, isNumber := v.(float64)
	ok := true
	switch word {
	case "$schema", "$defs", "title", "description", "default", "then", "else":
	case "$ref":
		return sub(root["$defs"].(map[string]any)[strings.TrimPrefix(arg.(string), "#/$defs/")])
	case "if":
		if sub(arg) == nil {
			return sub(s["then"])
		}
		return sub(s["else"])
	case "type":
		_, isList := v.([]any)
		_, isFlag := v.(bool)
		ok = map[string]bool{"object": isObject, "array": isList, "string": isText, "boolean": isFlag, "null": v == nil,
			"integer": isNumber && number == float64(int64(number))}[arg.(string)]
	case "anyOf":
		ok = count(arg) > 0
	case "oneOf":
		ok = count(arg) == 1
	case "const":
		ok = v == arg
	case "enum":
		ok = slices.Contains(arg.([]any), v)
	case "pattern":
		ok = !isText || regexp.MustCompile(arg.(string)).MatchString(text)
	case "minLength":
		ok = !isText || len(text) >= int(arg.(float64))
	case "minimum":
		ok = !isNumber || number >= arg.(float64)
	case "maximum":
		ok = !isNumber || number <= arg.(float64)
	case "minProperties":
		ok = !isObject || len(object) >= int(arg.(float64))
	case "required":
		for _, name := range arg.([]any) {
			_, there := object[name.(string)]
			ok = ok && (there || !isObject)
		}
	case "propertyNames":
		for name := range object {
			if err := conforms(root, arg.(map[string]any), name, at+"."+name); err != nil {
				return err
			}
		}
	case "properties", "additionalProperties":
		return members(root, s, object, at, word)
	case "items":
		list, _ := v.([]any)
		for i, item := range list {
			if err := conforms(root, arg.(map[string]any), item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("the test does not know the keyword %s", word)
	}
	if !ok {
		return fail()
	}
	return nil
}

func members(root, s, object map[string]any, at, word string) error {
	known, _ := s["properties"].(map[string]any)
	for name, v := range object {
		p, ok := known[name]
		if word == "additionalProperties" {
			rest, open := s[word].(map[string]any)
			switch {
			case ok:
				continue
			case !open:
				return fmt.Errorf("%s.%s: unknown", at, name)
			}
			p, ok = rest, true
		}
		if !ok {
			continue
		}
		if err := conforms(root, p.(map[string]any), v, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}
