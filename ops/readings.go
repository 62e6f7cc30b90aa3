package ops

import (
	"iter"
	"reflect"
	"slices"
)

// Readings is what the sources of one subject say of it: one reading each, in the
// estate's order. It is shared between all who hold a board, so whatever changes
// one works on a copy.
type Readings[T any] []Reading[T]

// Put replaces the value of a source's reading and reports whether it reads
// differently now. A source that has no reading here is not asked for any.
func (rs *Readings[T]) Put(source Text, value T) bool {
	i := slices.IndexFunc(*rs, func(r Reading[T]) bool { return r.Source == source })
	if i < 0 || (*rs)[i].Known() && reflect.DeepEqual((*rs)[i].Value, value) {
		return false
	}
	*rs = slices.Clone(*rs)
	(*rs)[i].Value = value
	return true
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
