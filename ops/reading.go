package ops

import (
	"iter"
	"reflect"
	"slices"
	"time"
)

// Reading is a value with where it came from, how old it is, and how its source
// stands now. When a source fails, the last good value stays in Value with the
// time At it was true, and State and Why say what is wrong since.
type Reading[T any] struct {
	Value  T             `json:"value"`
	Source Text          `json:"source"`
	At     time.Time     `json:"at,omitzero"` // when Value was true; zero: never had one
	Took   time.Duration `json:"took,omitzero"`
	State  SourceState   `json:"state"`
	Why    Text          `json:"why,omitzero"`
}

// Fresh reports whether the value may be called good.
func (r Reading[T]) Fresh() bool { return r.State == SourceOK && !r.At.IsZero() }

// Known reports whether there ever was a value.
func (r Reading[T]) Known() bool { return !r.At.IsZero() }

// Value is one number with its unit; Known is false where nobody measured it.
type Value struct {
	Value float64 `json:"value"`
	Known bool    `json:"known"`
}

// Num returns a known Value.
func Num(v float64) Value { return Value{Value: v, Known: true} }

// Fact is a named value of an object, with its judgement where there is one.
type Fact struct {
	Name  Text `json:"name"`
	Value Text `json:"value"`
	// Level is what judge says of it; unknown where nothing is judged.
	Level Level `json:"level,omitzero"`
}

// Label is one name=value pair of an alert or a container.
type Label struct {
	Name  Text `json:"name"`
	Value Text `json:"value"`
}

// Finding is one thing that asks for attention: what, since when, why in words,
// and what to do next.
type Finding struct {
	Level Level     `json:"level"`
	Ref   Ref       `json:"ref"`
	What  Text      `json:"what"`
	Cause Text      `json:"cause,omitzero"`
	Next  []Next    `json:"next,omitempty"`
	Since time.Time `json:"since,omitzero"`
	// Under is what the finding is put down to: the Ref of the one of the same cause that
	// stands before it. Zero: it stands by itself.
	Under Ref `json:"under,omitzero"`
	// Guess says that Under is one.
	Guess bool `json:"guess,omitzero"`
	// Key says what it is without figures, so that it is known again when What has
	// changed: "the shortage of connections". Empty: nobody asks. It stays with the agent.
	Key Text `json:"-"`
}

// Readings is what the sources of one subject say of it: one reading each, in the
// estate's order. It is shared between all who hold a board, so whatever changes
// one works on a copy.
type Readings[T any] []Reading[T]

// Put replaces the value of a source's reading and reports whether it reads
// differently now. A source that has no reading here is not asked for any.
func (rs *Readings[T]) Put(source Text, value T) bool {
	i := rs.at(source)
	if i < 0 || (*rs)[i].Known() && reflect.DeepEqual((*rs)[i].Value, value) {
		return false
	}
	rs.set(i, value)
	return true
}

// PutNewest replaces the value of a source's reading whatever it was, and reports
// whether it reads differently now in the eyes of same, which is not asked of the
// first one.
func (rs *Readings[T]) PutNewest(source Text, value T, same func(was, is T) bool) bool {
	i := rs.at(source)
	if i < 0 {
		return false
	}
	was := (*rs)[i]
	rs.set(i, value)
	return !was.Known() || !same(was.Value, value)
}

func (rs *Readings[T]) at(source Text) int {
	return slices.IndexFunc(*rs, func(r Reading[T]) bool { return r.Source == source })
}

func (rs *Readings[T]) set(i int, value T) {
	*rs = slices.Clone(*rs)
	(*rs)[i].Value = value
}

// All iterates over what every reading holds, the last good values of sources that
// fail included.
func All[T any](rs Readings[[]T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, r := range rs {
			for _, v := range r.Value {
				if !yield(v) {
					return
				}
			}
		}
	}
}
