package estate

import (
	"bytes"
	"os"
	"regexp"

	"opsdeck/ops"
)

// nameLine is the line by which a file names its estate.
var nameLine = regexp.MustCompile(`(?m)^["']?estate["']?[ \t]*:[ \t]*["']?([A-Za-z0-9][A-Za-z0-9._-]*)["']?[ \t]*(?:#.*)?\r?$`)

// NameIn is the name of the estate that a file has, however faulty the rest of it is; empty:
// none is to be seen, or more than one.
func NameIn(path string) ops.Text {
	text, err := os.ReadFile(path)
	if err != nil || len(text) > maxSize {
		return ops.Text{}
	}
	names := nameLine.FindAllSubmatch(bytes.TrimPrefix(text, []byte("\ufeff")), 2)
	if len(names) != 1 {
		return ops.Text{}
	}
	return ops.Clean(string(names[0][1]))
}
