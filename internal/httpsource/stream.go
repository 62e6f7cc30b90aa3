package httpsource

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// AnswerMost is how many bytes of one answer are read: 5,000 alerts are about 4 MB.
// What is far beyond that is not an answer that we asked for.
const AnswerMost = 64 << 20

// AlertsMost is how many alerts, rules or silences are kept of one answer. What is
// beyond is counted and told.
const AlertsMost = 25_000

// Bounds of what is held of an answer at once. A Text shows 2,048 characters, which
// JSON writes in twelve bytes each at most, so no text that is shown is cut here.
const (
	pieceMost  = 8 << 20
	stringMost = 32 << 10
)

// Stream reads one JSON answer piece by piece: it costs what is kept of it, and not
// what a server sends. Strings longer than anything that is shown come in cut.
type Stream struct {
	dec     *json.Decoder
	in      *bounded
	skipped json.RawMessage // the last one, for its room
}

// NewStream reads at most so many bytes of r.
func NewStream(r io.Reader, most int64) *Stream {
	in := &bounded{r: r, most: most}
	return &Stream{dec: json.NewDecoder(in), in: in}
}

// Long lets the strings of what is not read yet be as long as a piece.
func (s *Stream) Long() { s.in.long = true }

// Broken is why the answer did not come in whole: its connection, or a bound. It is
// nil where all of it came, or what came is no JSON.
func (s *Stream) Broken() error { return s.in.err }

// Object hands the names of an object to field, which has to take the value. null
// has no names.
func (s *Stream) Object(field func(name string) error) error {
	return s.each('{', func() error {
		name, err := s.token()
		if err != nil {
			return err
		}
		return field(name.(string)) // a decoder gives no other token in the place of a name
	})
}

// List calls take for every element of a list, which has to take it. null is an
// empty list.
func (s *Stream) List(take func() error) error { return s.each('[', take) }

func (s *Stream) each(open json.Delim, take func() error) error {
	t, err := s.token()
	if err != nil || t == nil {
		return err
	}
	if t != open {
		return fmt.Errorf("%v where %v is meant", t, open)
	}
	for s.more() {
		if err := take(); err != nil {
			return err
		}
	}
	_, err = s.token()
	return err
}

// Field takes one field of an object: as Decode does where into has it, else it is
// skipped.
func (s *Stream) Field(name string, into map[string]any) error {
	if v, ok := into[name]; ok {
		return s.Decode(v)
	}
	return s.Skip()
}

// Decode takes the next value whole, as json.Unmarshal does. After an error of its
// type the stream goes on behind it.
func (s *Stream) Decode(v any) error {
	s.in.piece = 0
	return s.dec.Decode(v)
}

// Skip passes over the next value.
func (s *Stream) Skip() error {
	return s.Decode(&s.skipped)
}

func (s *Stream) more() bool {
	s.in.piece = 0
	return s.dec.More()
}

func (s *Stream) token() (json.Token, error) {
	s.in.piece = 0
	return s.dec.Token()
}

// bounded reads an answer within its bounds.
type bounded struct {
	r     io.Reader
	most  int64
	read  int64 // of the answer
	piece int64 // since the last piece was begun
	err   error

	quoted bool // inside of a string
	length int  // of it so far
	escape int  // bytes that still belong to an escape; afterBackslash: the next one tells how many
	cut    bool
	long   bool // nothing is cut
	blank  bool // outside of strings, the last one
}

const afterBackslash = -1

func (b *bounded) Read(p []byte) (int, error) {
	for b.err == nil {
		n, err := b.r.Read(p)
		b.read += int64(n)
		kept := b.shorten(p[:n])
		b.piece += int64(kept)
		switch {
		case b.read > b.most:
			b.err = fmt.Errorf("larger than %d MiB", b.most>>20)
		case b.piece > pieceMost:
			b.err = fmt.Errorf("a part larger than %d MiB", pieceMost>>20)
		case errors.Is(err, io.EOF):
			return kept, io.EOF
		default:
			b.err = err
		}
		if kept > 0 || len(p) == 0 {
			return kept, b.err
		}
	}
	return 0, b.err
}

// shorten takes out of p what lies beyond the bound of a string, and never a part
// of an escape, and all blanks but the first: json.Decoder looks at those it has anew
// with each read, which would cost the square of them. It returns how much is left.
func (b *bounded) shorten(p []byte) int {
	kept := 0
	for _, c := range p {
		keep := true
		switch {
		case !b.quoted:
			b.quoted, b.length, b.cut = c == '"', 0, false
			blank := c == ' ' || c == '\n' || c == '\r' || c == '\t'
			if keep = !blank || !b.blank; !keep {
				b.piece++ // or a server could send them for ever
			}
			b.blank = blank
		case b.escape == afterBackslash:
			b.escape, keep = 0, !b.cut
			if c == 'u' {
				b.escape = 4
			}
		case b.escape > 0:
			b.escape--
			keep = !b.cut
		case c == '"':
			b.quoted = false
		default:
			b.cut = b.length >= stringMost && !b.long
			keep = !b.cut
			if c == '\\' {
				b.escape = afterBackslash
			}
		}
		b.length++
		if keep {
			p[kept] = c
			kept++
		}
	}
	return kept
}
