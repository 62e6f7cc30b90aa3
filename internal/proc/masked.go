package proc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"

	"opsdeck/ops"
)

// The secrets come to a keeper by its input: its arguments and its environment can be read
// by others. The one line that lets it start its child holds them as JSON, or nothing.

// tell writes the line that lets a keeper start its child.
func tell(keeper io.Writer, secrets ops.Secrets) error {
	b, err := json.Marshal(secrets)
	if err != nil {
		return err
	}
	_, err = keeper.Write(append(b, '\n'))
	return err
}

// told reads that line. Error: it never came whole.
func told(in io.Reader) (secrets ops.Secrets, err error) {
	line, err := bufio.NewReader(in).ReadBytes('\n')
	if err == nil && len(bytes.TrimSpace(line)) > 0 {
		err = json.Unmarshal(line, &secrets)
	}
	return secrets, err
}

// masked hides secrets in an output before any of it is on the disk. It does so line by
// line, and holds back what has no line end.
type masked struct {
	to      *capped
	secrets ops.Secrets
	part    []byte // the beginning of a line
}

func newMasked(path string, most int, secrets ops.Secrets) (*masked, error) {
	to, err := newCapped(path, most)
	return &masked{to: to, secrets: secrets}, err
}

// Write never fails, as that of what is behind it.
func (m *masked) Write(p []byte) (int, error) {
	m.part = append(m.part, p...)
	end := bytes.LastIndexByte(m.part, '\n') + 1
	for line := range bytes.Lines(m.part[:end]) {
		m.emit(string(line))
	}
	m.part = append(m.part[:0], m.part[end:]...)
	if len(m.part) < lineMost {
		return len(p), nil
	}
	// A line too long to be kept goes on in parts. What may be the beginning of a secret
	// stays back.
	text := m.secrets.Hide(string(m.part))
	cut := max(0, len(text)-m.secrets.Longest())
	for cut > 0 && cut < len(text) && !utf8.RuneStart(text[cut]) {
		cut--
	}
	m.emit(text[:cut])
	m.part = append(m.part[:0], text[cut:]...)
	return len(p), nil
}

func (m *masked) emit(text string) {
	_, _ = m.to.Write([]byte(m.secrets.Mask(text))) // never fails
}

func (m *masked) close() error {
	m.emit(string(m.part))
	return m.to.close()
}
