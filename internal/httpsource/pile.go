package httpsource

// Pile is a list that grows by pieces: to grow by moving, a list has to be in memory
// twice, which for thousands of alerts of several servers is most of what they need.
type Pile[T any] struct{ pieces [][]T }

const pieceOf = 512 // elements

// Len is how many there are.
func (p *Pile[T]) Len() int {
	if len(p.pieces) == 0 {
		return 0
	}
	last := len(p.pieces) - 1
	return last*pieceOf + len(p.pieces[last])
}

// Add puts one behind the others.
func (p *Pile[T]) Add(v T) {
	last := len(p.pieces) - 1
	if last < 0 || len(p.pieces[last]) == pieceOf {
		p.pieces = append(p.pieces, make([]T, 0, pieceOf))
		last++
	}
	p.pieces[last] = append(p.pieces[last], v)
}

// At is one of them, to be changed in its place.
func (p *Pile[T]) At(i int) *T { return &p.pieces[i/pieceOf][i%pieceOf] }

// List returns all of them, and leaves none.
func (p *Pile[T]) List() []T {
	out := make([]T, 0, p.Len())
	for i, piece := range p.pieces {
		out, p.pieces[i] = append(out, piece...), nil
	}
	p.pieces = nil
	return out
}
