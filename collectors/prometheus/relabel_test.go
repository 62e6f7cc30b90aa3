package prometheus

import (
	"maps"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/common/model"
)

// What a server makes of the same steps, by its own tests and its documentation.
func TestRelabelingAsPrometheusDoesIt(t *testing.T) {
	type set = map[string]string
	start := set{"a": "foo", "b": "bar", "c": "baz"}
	for name, tc := range map[string]struct {
		labels set // nil: start
		steps  string
		want   set // nil: dropped
	}{
		"nothing to do":                       {nil, `[]`, start},
		"replace":                             {nil, `[{source_labels: [a], regex: f(.*), target_label: d, replacement: "ch${1}-ch${1}"}]`, set{"a": "foo", "b": "bar", "c": "baz", "d": "choo-choo"}},
		"replace by the defaults":             {nil, `[{source_labels: [a], target_label: d}]`, set{"a": "foo", "b": "bar", "c": "baz", "d": "foo"}},
		"two sources and a separator":         {nil, `[{source_labels: [a, b], regex: "foo;(bar)", target_label: a, replacement: "b${1}b"}]`, set{"a": "bbarb", "b": "bar", "c": "baz"}},
		"another separator":                   {nil, `[{source_labels: [a, b], separator: "", regex: foobar, target_label: a, replacement: x}]`, set{"a": "x", "b": "bar", "c": "baz"}},
		"one after the other":                 {nil, `[{source_labels: [a], regex: "(.*)", target_label: d, replacement: "${1}d"}, {source_labels: [d], regex: food, target_label: e, replacement: y}]`, set{"a": "foo", "b": "bar", "c": "baz", "d": "food", "e": "y"}},
		"an expression is anchored":           {nil, `[{source_labels: [a], regex: o$, action: drop}, {source_labels: [a], regex: ".*o", target_label: d, replacement: m}]`, set{"a": "foo", "b": "bar", "c": "baz", "d": "m"}},
		"alternatives are anchored":           {nil, `[{source_labels: [a], regex: "fo|oo", action: drop}]`, start},
		"a dot takes a line end":              {set{"a": "x\ny"}, `[{source_labels: [a], regex: "x.y", action: drop}]`, nil},
		"no match, no change":                 {nil, `[{source_labels: [a], regex: x, target_label: b, replacement: y}]`, start},
		"a fixed value":                       {nil, `[{target_label: d, replacement: x}]`, set{"a": "foo", "b": "bar", "c": "baz", "d": "x"}},
		"an empty replacement takes away":     {nil, `[{source_labels: [a], target_label: b, replacement: ""}]`, set{"a": "foo", "c": "baz"}},
		"a group that took nothing":           {nil, `[{source_labels: [a], regex: "f|(x)oo|foo", target_label: b, replacement: "$1"}]`, set{"a": "foo", "c": "baz"}},
		"a target by a group":                 {set{"a": "some-name-value"}, `[{source_labels: [a], regex: "some-([^-]+)-([^,]+)", target_label: "${1}", replacement: "${2}"}]`, set{"a": "some-name-value", "name": "value"}},
		"a target that is no name":            {set{"a": "some-2x-value"}, `[{source_labels: [a], regex: "some-([^-]+)-([^,]+)", target_label: "${1}", replacement: "${2}"}]`, set{"a": "some-2x-value"}},
		"drop":                                {nil, `[{source_labels: [a], regex: ".*o.*", action: drop}]`, nil},
		"drop, another":                       {nil, `[{source_labels: [a], regex: no, action: drop}]`, start},
		"drop by a label that is not there":   {nil, `[{source_labels: [x], regex: "", action: drop}]`, nil},
		"keep":                                {nil, `[{source_labels: [a], regex: foo, action: keep}]`, start},
		"keep, another":                       {nil, `[{source_labels: [a], regex: no, action: keep}]`, nil},
		"nothing is done after a drop":        {nil, `[{source_labels: [a], regex: foo, action: drop}, {target_label: a, replacement: x}]`, nil},
		"labeldrop":                           {nil, `[{regex: "a|c", action: labeldrop}]`, set{"b": "bar"}},
		"labelkeep":                           {nil, `[{regex: "a|c", action: labelkeep}]`, set{"a": "foo", "c": "baz"}},
		"labelmap":                            {set{"a": "foo", "b1": "bar", "b2": "baz"}, `[{regex: "(b.*)", replacement: "bar_${1}", action: labelmap}]`, set{"a": "foo", "b1": "bar", "b2": "baz", "bar_b1": "bar", "bar_b2": "baz"}},
		"labelmap onto one name":              {set{"b1": "bar", "b2": "baz"}, `[{regex: "b.", replacement: x, action: labelmap}]`, set{"b1": "bar", "b2": "baz", "x": "baz"}},
		"labelmap sees names of before":       {set{"a": "1"}, `[{regex: "(.*)", replacement: "${1}x", action: labelmap}]`, set{"a": "1", "ax": "1"}},
		"lowercase":                           {set{"a": "FoO"}, `[{source_labels: [a], target_label: a, action: lowercase}]`, set{"a": "foo"}},
		"uppercase":                           {set{"a": "FoO"}, `[{source_labels: [a], target_label: A, action: uppercase}]`, set{"a": "FoO", "A": "FOO"}},
		"an action in capitals":               {nil, `[{source_labels: [a], regex: foo, action: DROP}]`, nil},
		"hashmod":                             {nil, `[{source_labels: [c], target_label: d, separator: ";", action: hashmod, modulus: 1000}]`, set{"a": "foo", "b": "bar", "c": "baz", "d": "976"}},
		"hashmod of a value of two lines":     {set{"a": "foo\nbar"}, `[{source_labels: [a], target_label: b, separator: ";", action: hashmod, modulus: 1000}]`, set{"a": "foo\nbar", "b": "734"}},
		"keepequal":                           {set{"a": "1", "b": "1"}, `[{source_labels: [a], target_label: b, action: keepequal}]`, set{"a": "1", "b": "1"}},
		"keepequal, different":                {nil, `[{source_labels: [a], target_label: b, action: keepequal}]`, nil},
		"dropequal":                           {set{"a": "1", "b": "1"}, `[{source_labels: [a], target_label: b, action: dropequal}]`, nil},
		"dropequal, different":                {nil, `[{source_labels: [a], target_label: b, action: dropequal}]`, start},
		"a name in letters of another script": {set{"größe": "x"}, `[{source_labels: ["größe"], target_label: "Maß", action: uppercase}]`, set{"größe": "x", "Maß": "X"}},
	} {
		var list []relabelConfig
		if err := yaml.Unmarshal([]byte(tc.steps), &list); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		steps, err := newRelabelings(list, model.LegacyValidation)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := maps.Clone(tc.labels)
		if got == nil {
			got = maps.Clone(start)
		}
		kept := relabel(got, steps)
		if kept != (tc.want != nil) || kept && !maps.Equal(got, tc.want) {
			t.Errorf("%s: %v %v, want %v", name, kept, got, tc.want)
		}
	}
	for _, bad := range []string{`[{action: scramble}]`, `[{regex: "(", action: drop}]`, `[{action: hashmod}]`, `[{}, {action: "keep "}]`} {
		var list []relabelConfig
		if err := yaml.Unmarshal([]byte(bad), &list); err != nil {
			t.Fatal(err)
		}
		if _, err := newRelabelings(list, model.LegacyValidation); err == nil {
			t.Errorf("%s is understood", bad)
		}
	}
}
