package loans

import (
	"context"
	"crypto/md5" //nolint:gosec // a server has it as well, and nobody is kept from anything by it
	"encoding/binary"
	"sync"
)

// Sum is what some loans come to. It does not depend on their order.
type Sum struct {
	Rows, EAD, ECL int64 // amounts in cents, whatever the currency
	// Digest adds up, modulo 2^64, the first 60 bits of the MD5 of each loan's line of CSV without
	// its end.
	Digest uint64
}

// Sum makes so many loans in some workers at once, and adds them up.
func (p Portfolio) Sum(ctx context.Context, rows int64, workers int) (all Sum, err error) {
	var working sync.WaitGroup
	var mu sync.Mutex
	workers = max(1, workers)
	for w := range workers {
		working.Go(func() {
			var s Sum
			var text []byte
			for first := int64(w) * chunk; first < rows && ctx.Err() == nil; first += int64(workers) * chunk {
				for i := first; i < min(first+chunk, rows); i++ {
					l := p.At(i)
					text = l.AppendCSV(text[:0])
					digest := md5.Sum(text[:len(text)-1])
					s = Sum{s.Rows + 1, s.EAD + l.Truth.EAD, s.ECL + l.Truth.ECL, s.Digest + binary.BigEndian.Uint64(digest[:8])>>4}
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all = Sum{all.Rows + s.Rows, all.EAD + s.EAD, all.ECL + s.ECL, all.Digest + s.Digest}
		})
	}
	working.Wait()
	return all, ctx.Err()
}
