package httpsource

import "testing"

func TestAPileIsTheListOfWhatWasAdded(t *testing.T) {
	for _, n := range []int{0, 1, pieceOf - 1, pieceOf, pieceOf + 1, 3 * pieceOf} {
		var p Pile[int]
		for i := range n {
			p.Add(i)
			if *p.At(i) != i || p.Len() != i+1 {
				t.Fatalf("of %d: at %d stands %d, %d in all", n, i, *p.At(i), p.Len())
			}
			*p.At(i) *= 2
		}
		all := p.List()
		if len(all) != n || p.Len() != 0 || all == nil {
			t.Fatalf("%d of %d, %d are left", len(all), n, p.Len())
		}
		for i, v := range all {
			if v != 2*i {
				t.Fatalf("of %d: at %d stands %d", n, i, v)
			}
		}
	}
}
