package figures

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// preface begins a document that is not there yet.
const preface = `# Recorded figures

What was measured, when, on which build. Each section is one kind of run; a program
that measures replaces its own section and leaves the others alone.
`

// Replace puts a section into the document at path: in place of the one of the
// same heading, else at the end.
func Replace(path, heading, body string) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the figures: %w", err)
	}
	text := string(old)
	if text == "" {
		text = preface
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	part := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.WriteFile(part, []byte(replaced(text, heading, body)), 0o644); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return os.Rename(part, path)
}

// replaced is the document with the section in it.
func replaced(text, heading, body string) string {
	const mark = "## "
	section := mark + heading + "\n\n" + strings.TrimRight(body, "\n") + "\n"
	var out strings.Builder
	inside, done := false, false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, mark) {
			inside = strings.TrimSpace(strings.TrimPrefix(line, mark)) == heading
			if inside && !done {
				out.WriteString(section + "\n")
				done = true
			}
		}
		if !inside {
			out.WriteString(line)
		}
	}
	if !done {
		return strings.TrimRight(out.String(), "\n") + "\n\n" + section
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}
