package httpsource

import (
	"maps"
	"slices"

	"github.com/prometheus/common/model"

	"opsdeck/ops"
)

// Once returns clean, done once for each text: thousands of alerts share names,
// values and rules, and every console would hold its own copy of each.
func Once(clean func(string) ops.Text) func(string) ops.Text {
	known := map[string]ops.Text{}
	return func(s string) ops.Text {
		t, ok := known[s]
		if !ok {
			t = clean(s)
			known[s] = t
		}
		return t
	}
}

// labelsMost bounds the labels of one alert: what has more is an attack or a
// mistake, and each console would carry it.
const labelsMost = 256

// Labels cleans a label set with word and sorts it by name. The name of the alert is
// never left out.
func Labels(set map[string]string, word func(string) ops.Text) []ops.Label {
	out := make([]ops.Label, 0, min(len(set), labelsMost+1))
	for i, name := range slices.Sorted(maps.Keys(set)) {
		if i < labelsMost || name == model.AlertNameLabel {
			out = append(out, ops.Label{Name: word(name), Value: word(set[name])})
		}
	}
	return out
}

// Fingerprint is what Prometheus and Alertmanager call a label set.
func Fingerprint(labels map[string]string) ops.Text {
	return ops.Clean(model.Fingerprint(model.LabelsToSignature(labels)).String())
}
