package drill

import (
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
	var end tail
	if info, err := f.Stat(); err == nil && info.Size() > saidBytes {
		_, _ = f.Seek(-saidBytes, 2) // else all of it is read
	}
	_, _ = f.WriteTo(&end) // what cannot be read was not said
	all := strings.Split(strings.TrimSpace(string(end.kept)), "\n")
	for _, l := range all[max(0, len(all)-saidLines):] {
		if l = strings.TrimSpace(strings.ReplaceAll(l, s.dir, "(scratch)")); l != "" {
			l = ops.MaskSecrets(ops.Clean(l).String())
			lines = append(lines, ops.Clean(strings.ToValidUTF8(l[:min(len(l), saidLong)], "")))
		}
	}
	return lines
}
