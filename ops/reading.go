package ops

import "time"

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

// Num returns a known Figure.
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
