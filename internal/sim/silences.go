package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/common/model"
)

// silence is one silence of the simulated Alertmanager, in the shape of its API.
type silence struct {
	ID        string          `json:"id,omitempty"`
	Matchers  []matcherAnswer `json:"matchers"`
	StartsAt  time.Time       `json:"startsAt"`
	EndsAt    time.Time       `json:"endsAt"`
	UpdatedAt time.Time       `json:"updatedAt,omitzero"`
	CreatedBy string          `json:"createdBy"`
	Comment   string          `json:"comment"`
	Status    *statusAnswer   `json:"status,omitempty"`

	match []matcher
}

type matcherAnswer struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual *bool  `json:"isEqual"`
}

type statusAnswer struct {
	State string `json:"state"`
}

// keptFor is how long expired silences are remembered.
const keptFor = 120 * time.Hour

func (w *World) makeSilences() {
	for _, s := range w.script.Silences {
		made := &silence{ID: w.nextID(), StartsAt: w.begin.Add(-s.Began.d()), UpdatedAt: w.begin.Add(-s.Began.d()), EndsAt: w.begin.Add(s.Left.d()),
			CreatedBy: s.By, Comment: s.Comment}
		for _, name := range slices.Sorted(maps.Keys(s.Match)) {
			made.Matchers = append(made.Matchers, matcherAnswer{Name: name, Value: s.Match[name]})
		}
		if made.check() == nil {
			w.silences = append(w.silences, made)
		}
	}
}

func (w *World) nextID() string {
	w.made++
	return w.chance.uuid("silence", w.made)
}

// check reads the matchers, and refuses what the real one refuses.
func (s *silence) check() error {
	if len(s.Matchers) == 0 {
		return fmt.Errorf("invalid silence: at least one matcher required")
	}
	matchesEmpty := true
	s.match = nil
	for i := range s.Matchers {
		m := &s.Matchers[i]
		if m.IsEqual == nil {
			yes := true
			m.IsEqual = &yes
		}
		made, err := newMatcher(m.Name, m.Value, *m.IsEqual, m.IsRegex)
		if err != nil {
			return fmt.Errorf("invalid silence: invalid label matcher %d: %w", i, err)
		}
		s.match = append(s.match, made)
		matchesEmpty = matchesEmpty && matches([]matcher{made}, model.LabelSet{})
	}
	switch {
	case matchesEmpty:
		return fmt.Errorf("invalid silence: at least one matcher must not match the empty string")
	case s.Comment == "" || s.CreatedBy == "":
		return fmt.Errorf("invalid silence: comment or creator missing")
	case !s.EndsAt.After(s.StartsAt):
		return fmt.Errorf("invalid silence: end time must not be before start time")
	}
	return nil
}

func (s *silence) state(now time.Time) string {
	switch {
	case !now.Before(s.EndsAt):
		return "expired"
	case now.Before(s.StartsAt):
		return "pending"
	}
	return "active"
}

// answer is the silence as of now.
func (s *silence) answer(now time.Time) silence {
	out := *s
	out.StartsAt, out.EndsAt, out.UpdatedAt = s.StartsAt.UTC(), s.EndsAt.UTC(), s.UpdatedAt.UTC()
	out.Status = &statusAnswer{s.state(now)}
	return out
}

// put makes a silence or changes one, as the real one does: in place where only
// comment, creator or end differ, else the old one expires and a new one is made.
func (w *World) put(in silence, now time.Time) (id string, found bool, err error) {
	if err := in.check(); err != nil {
		return "", true, err
	}
	if !in.EndsAt.After(now) {
		return "", true, fmt.Errorf("invalid silence: end time can't be in the past")
	}
	in.Status, in.UpdatedAt = nil, now
	if in.ID != "" {
		old := w.silence(in.ID)
		if old == nil {
			return "", false, fmt.Errorf("silence %s not found", in.ID)
		}
		if old.state(now) == "active" && in.StartsAt.Equal(old.StartsAt) && sameMatchers(old.match, in.match) {
			*old = in
			return old.ID, true, nil
		}
		if old.state(now) != "expired" {
			old.EndsAt, old.UpdatedAt = now, now
		}
	}
	if in.StartsAt.Before(now) {
		in.StartsAt = now
	}
	in.ID = w.nextID()
	w.silences = append(w.silences, &in)
	w.silences = slices.DeleteFunc(w.silences, func(s *silence) bool { return now.Sub(s.EndsAt) > keptFor })
	return in.ID, true, nil
}

func sameMatchers(a, b []matcher) bool {
	return slices.EqualFunc(a, b, func(x, y matcher) bool {
		return x.name == y.name && x.value == y.value && x.equal == y.equal && x.regex == y.regex
	})
}

func (w *World) silence(id string) *silence {
	i := slices.IndexFunc(w.silences, func(s *silence) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return w.silences[i]
}

// silencedBy names the active silences that hold an alert.
func (w *World) silencedBy(labels model.LabelSet, now time.Time) []string {
	ids := []string{}
	for _, s := range w.silences {
		if s.state(now) == "active" && matches(s.match, labels) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// newestFirst is the order in which the real one lists: active, pending, expired,
// each by its end.
func newestFirst(a, b silence) int {
	rank := map[string]int{"active": 0, "pending": 1, "expired": 2}
	return cmp.Or(rank[a.Status.State]-rank[b.Status.State], a.EndsAt.Compare(b.EndsAt))
}
