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
