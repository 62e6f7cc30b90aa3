package prometheus

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/common/model"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// sending is what a server does to its alerts before Alertmanager sees them: it adds
// its external labels, relabels, and relabels once more for each Alertmanager.
type sending struct {
	text     string // of the configuration, as far as it matters
	external map[string]string
	steps    []relabeling
	ways     [][]relabeling // of each alertmanagers section
}

// configFile is what is read of a server's configuration.
type configFile struct {
	Global struct {
		External map[string]string `yaml:"external_labels"`
		Names    string            `yaml:"metric_name_validation_scheme"`
	} `yaml:"global"`
	Alerting struct {
		Steps []relabelConfig `yaml:"alert_relabel_configs"`
		Ways  []struct {
			Steps []relabelConfig `yaml:"alert_relabel_configs"`
		} `yaml:"alertmanagers"`
	} `yaml:"alerting"`
}

// readSending asks for the configuration. It returns was where that is the same, and
// nil where it cannot be asked for or is not understood: then it is not known what
// becomes of an alert.
func (c *Collector) readSending(ctx context.Context, was *sending, version string) *sending {
	var answer struct {
		YAML string `json:"yaml"`
	}
	_, err := c.call(ctx, "status/config", nil, func(in *httpsource.Stream) error {
		in.Long()
		return in.Decode(&answer)
	})
	text := sections(answer.YAML, "global", "alerting")
	switch {
	case err != nil || answer.YAML == "":
		return was
	case was != nil && was.text == text:
		return was
	}
	s, err := parseSending(text, version)
	if err != nil {
		return nil
	}
	return s
}

func parseSending(text, version string) (*sending, error) {
	var f configFile
	if err := yaml.Unmarshal([]byte(text), &f); err != nil {
		return nil, err
	}
	valid := model.UTF8Validation
	if f.Global.Names == "legacy" || strings.HasPrefix(version, "2.") {
		valid = model.LegacyValidation
	}
	s := &sending{text: text, external: f.Global.External}
	var err error
	if s.steps, err = newRelabelings(f.Alerting.Steps, valid); err != nil {
		return nil, err
	}
	for _, w := range f.Alerting.Ways {
		steps, err := newRelabelings(w.Steps, valid)
		if err != nil {
			return nil, err
		}
		s.ways = append(s.ways, steps)
	}
	return s, nil
}

// sections returns the named parts of a YAML document that a server has written: each
// begins at the left edge with its name. The others are megabytes in a large server.
func sections(text string, names ...string) string {
	var out strings.Builder
	wanted := false
	for line := range strings.Lines(text) {
		if name, _, ok := strings.Cut(line, ":"); ok && line[0] >= 'a' && line[0] <= 'z' {
			wanted = false
			for _, n := range names {
				wanted = wanted || n == name
			}
		}
		if wanted {
			out.WriteString(line)
		}
	}
	return out.String()
}

// plain reports whether alerts go out with the labels that they are shown with.
func (s *sending) plain() bool {
	for _, steps := range s.ways {
		if len(steps) > 0 {
			return false
		}
	}
	return len(s.external) == 0 && len(s.steps) == 0
}

// sent returns the label sets with which an alert goes out, each once. There is none
// where it is dropped on every way.
func (s *sending) sent(labels map[string]string) []map[string]string {
	all := maps.Clone(labels)
	for name, value := range s.external {
		if all[name] == "" {
			set(all, name, value)
		}
	}
	if !relabel(all, s.steps) {
		return nil
	}
	if len(s.ways) == 0 {
		return []map[string]string{all}
	}
	var out []map[string]string
	for _, steps := range s.ways {
		one := maps.Clone(all)
		if !relabel(one, steps) {
			continue
		}
		known := false
		for _, o := range out {
			known = known || maps.Equal(o, one)
		}
		if !known {
			out = append(out, one)
		}
	}
	return out
}

// raw are an alert's labels as the server writes them.
func (o origin) raw(a ops.Alert) map[string]string {
	if o.labels != nil {
		return o.labels
	}
	out := make(map[string]string, len(a.Labels))
	for _, l := range a.Labels {
		out[l.Name.String()] = l.Value.String()
	}
	return out
}

// identify gives every alert of a book the labels and the fingerprint that
// Alertmanager knows it by. Where several go out as one, the oldest has that
// fingerprint, and the others keep their own: they burn each by itself.
func (b *ruleBook) identify(s *sending, cfg Config) {
	if s == nil {
		return
	}
	slices.SortFunc(b.alerts, func(x, y ops.Alert) int { return cmp.Or(x.Since.Compare(y.Since), byFingerprint(x, y)) })
	word, plain := httpsource.Once(ops.Clean), s.plain()
	origins := make(map[ops.Text]origin, len(b.alerts))
	for i := range b.alerts {
		a := &b.alerts[i]
		from := b.origins[a.Own]
		if a.Sending = ops.SendingKnown; !plain {
			id := identity(a, s.sent(from.raw(*a)), word)
			if _, taken := origins[id]; !taken {
				a.Ref.ID = id
			}
		}
		if a.Severity.Name.Empty() {
			a.Severity = cfg.Rank(ops.LabelOf(a.SentLabels(), cfg.SeverityLabel))
		}
		origins[a.Ref.ID] = from
	}
	b.origins = origins
	slices.SortFunc(b.alerts, byFingerprint)
}

// identity notes with which label sets an alert goes out, and returns the fingerprint
// of the first.
func identity(a *ops.Alert, sets []map[string]string, word func(string) ops.Text) ops.Text {
	if len(sets) == 0 {
		a.Sending = ops.SendingDropped
		return a.Own
	}
	if sent := httpsource.Labels(sets[0], word); !slices.Equal(sent, a.Labels) {
		a.Sent = sent
	}
	for _, more := range sets[1:] {
		a.Others = append(a.Others, httpsource.Labels(more, word))
	}
	return httpsource.Fingerprint(sets[0])
}
