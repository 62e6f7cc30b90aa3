package prometheus

import (
	"cmp"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
)

// relabelConfig is one step of alert_relabel_configs, as a server's configuration
// has it. What it leaves out has the server's own defaults.
type relabelConfig struct {
	SourceLabels []string `yaml:"source_labels"`
	Separator    *string  `yaml:"separator"`
	Regex        *string  `yaml:"regex"`
	Modulus      uint64   `yaml:"modulus"`
	TargetLabel  string   `yaml:"target_label"`
	Replacement  *string  `yaml:"replacement"`
	Action       string   `yaml:"action"`
}

// relabeling is one step, ready to be done.
type relabeling struct {
	relabelConfig
	separator   string
	regex       *regexp.Regexp
	replacement string
	valid       model.ValidationScheme // of the names of labels
}

// newRelabelings reads the steps of one list. A step that is not understood makes
// all of it unknown: half of a list is another list.
func newRelabelings(list []relabelConfig, valid model.ValidationScheme) ([]relabeling, error) {
	var out []relabeling
	for _, c := range list {
		r := relabeling{relabelConfig: c, separator: or(c.Separator, ";"), replacement: or(c.Replacement, "$1"), valid: valid}
		r.Action = strings.ToLower(cmp.Or(c.Action, "replace"))
		if !slices.Contains([]string{"replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase"}, r.Action) ||
			r.Action == "hashmod" && c.Modulus == 0 {
			return nil, fmt.Errorf("relabel action %q is not understood", c.Action)
		}
		var err error
		if r.regex, err = regexp.Compile("^(?s:" + or(c.Regex, "(.*)") + ")$"); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func or(s *string, otherwise string) string {
	if s == nil {
		return otherwise
	}
	return *s
}

// relabel does the steps on a label set, in place. It says false where a step drops
// the alert.
func relabel(labels map[string]string, steps []relabeling) bool {
	for i := range steps {
		if !steps[i].do(labels) {
			return false
		}
	}
	return true
}

func (r *relabeling) do(labels map[string]string) (keep bool) {
	values := make([]string, len(r.SourceLabels))
	for i, name := range r.SourceLabels {
		values[i] = labels[name]
	}
	value := strings.Join(values, r.separator)
	switch r.Action {
	case "keep":
		return r.regex.MatchString(value)
	case "drop":
		return !r.regex.MatchString(value)
	case "keepequal":
		return labels[r.TargetLabel] == value
	case "dropequal":
		return labels[r.TargetLabel] != value
	case "replace":
		r.replace(labels, value)
	case "lowercase":
		set(labels, r.TargetLabel, strings.ToLower(value))
	case "uppercase":
		set(labels, r.TargetLabel, strings.ToUpper(value))
	case "hashmod":
		sum := md5.Sum([]byte(value))
		set(labels, r.TargetLabel, strconv.FormatUint(binary.BigEndian.Uint64(sum[8:])%r.Modulus, 10))
	default:
		r.rename(labels)
	}
	return true
}

// replace sets the target where the expression matches. An empty replacement takes
// the target away.
func (r *relabeling) replace(labels map[string]string, value string) {
	at := r.regex.FindStringSubmatchIndex(value)
	if at == nil {
		return
	}
	target := string(r.regex.ExpandString(nil, r.TargetLabel, value, at))
	if r.valid.IsValidLabelName(target) {
		set(labels, target, string(r.regex.ExpandString(nil, r.replacement, value, at)))
	}
}

// rename does what goes by the names of labels, in the order of the names as they
// were before.
func (r *relabeling) rename(labels map[string]string) {
	was := maps.Clone(labels)
	for _, name := range slices.Sorted(maps.Keys(was)) {
		switch matches := r.regex.MatchString(name); {
		case r.Action == "labelmap" && matches:
			set(labels, r.regex.ReplaceAllString(name, r.replacement), was[name])
		case r.Action == "labeldrop" && matches, r.Action == "labelkeep" && !matches:
			delete(labels, name)
		}
	}
}

// set gives a label its value; an empty one is no label.
func set(labels map[string]string, name, value string) {
	if value == "" {
		delete(labels, name)
		return
	}
	labels[name] = value
}
