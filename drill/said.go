package drill

import (
	"bytes"
	"io"
	"os"
	"strings"

	"opsdeck/ops"
)

// How much is kept of what a copy's server said: the end of it, where it says why it ended.
const (
	saidLines = 40
	saidBytes = 16 << 10
	saidLong  = 400 // bytes of a line
)

// said is the last that the server in a scratch said, without secrets and without the scratch's
// path; nothing where none was started.
func (s scratch) said() (lines []ops.Text) {
	f, err := os.Open(s.file(logFile))
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // it was read
	info, err := f.Stat()
	cut := err == nil && info.Size() > saidBytes
	if cut {
		_, err = f.Seek(-saidBytes, io.SeekEnd)
	}
	if err != nil {
		return nil
	}
	end, _ := io.ReadAll(io.LimitReader(f, saidBytes)) // what cannot be read was not said
	if cut {                                           // of a line that begins before, a secret would not be known as one
		_, end, _ = bytes.Cut(end, []byte("\n"))
	}
	all := strings.Split(strings.TrimSpace(string(end)), "\n")
	for _, l := range all[max(0, len(all)-saidLines):] {
		if l = strings.TrimSpace(strings.ReplaceAll(l, s.dir, "(scratch)")); l != "" {
			l = ops.MaskSecrets(ops.Clean(l).String())
			lines = append(lines, ops.Clean(strings.ToValidUTF8(l[:min(len(l), saidLong)], "")))
		}
	}
	return lines
}
