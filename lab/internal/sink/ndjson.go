// Package sink receives what the lab's Alertmanager sends, by mail and by
// webhook, and writes it down as one JSON object a line.
package sink

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// maxFile is the size at which a file is put aside as NAME.1.
const maxFile = 8 << 20

// Journal appends JSON lines to a file.
type Journal struct {
	path string
	mu   sync.Mutex // one line at a time
}

// NewJournal names the file; it is made by the first line.
func NewJournal(path string) *Journal { return &Journal{path: path} }

// Add writes one line.
func (j *Journal) Add(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("sink: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if st, err := os.Stat(j.path); err == nil && st.Size() > maxFile {
		if err := os.Rename(j.path, j.path+".1"); err != nil {
			return fmt.Errorf("sink: %w", err)
		}
	}
	f, err := os.OpenFile(j.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("sink: %w", err)
	}
	if _, err := f.Write(append(data, '\n')); err != nil {
		_ = f.Close()
		return fmt.Errorf("sink: %w", err)
	}
	return f.Close()
}
