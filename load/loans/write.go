package loans

import (
	"context"
	"io"
	"strings"
	"sync"
)

// chunk is how many loans a worker makes at a time.
const chunk = 4096

// Write writes so many loans as CSV, with a line of names before them, and makes them in
// some workers at once. What is written does not depend on how many these are.
func (p Portfolio) Write(ctx context.Context, w io.Writer, rows int64, workers int) error {
	if _, err := io.WriteString(w, strings.Join(Columns(), ",")+"\n"); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var working sync.WaitGroup
	defer working.Wait()
	defer stop()
	// Each worker makes every so many-th chunk, and they are written in turn.
	made := make([]chan []byte, max(1, workers))
	for i := range made {
		made[i] = make(chan []byte, 1)
		working.Go(func() {
			for first := int64(i) * chunk; first < rows; first += int64(len(made)) * chunk {
				select {
				case made[i] <- p.CSV(first, min(chunk, rows-first)):
				case <-ctx.Done():
					return
				}
			}
		})
	}
	for n, first := 0, int64(0); first < rows; n, first = n+1, first+chunk {
		select {
		case text := <-made[n%len(made)]:
			if _, err := w.Write(text); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Read is CSV as it is asked for: a batch of millions is never in memory as a whole. Making
// a loan takes a microsecond, in which a server takes in what came before.
func (p Portfolio) Read(first, rows int64) io.Reader {
	return &reader{p: p, next: first, end: first + rows}
}

// reader makes loans as they are read.
type reader struct {
	p         Portfolio
	next, end int64
	text      []byte // made and not read yet
}

func (r *reader) Read(b []byte) (int, error) {
	if len(r.text) == 0 {
		rows := min(chunk, r.end-r.next)
		if rows <= 0 {
			return 0, io.EOF
		}
		r.text = r.p.CSV(r.next, rows)
		r.next += rows
	}
	n := copy(b, r.text)
	r.text = r.text[n:]
	return n, nil
}

// CSV are so many loans from a number on, a line each.
func (p Portfolio) CSV(first, rows int64) []byte {
	text := make([]byte, 0, rows*160)
	for i := first; i < first+rows; i++ {
		l := p.At(i)
		text = l.AppendCSV(text)
	}
	return text
}
