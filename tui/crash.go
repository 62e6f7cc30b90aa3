package tui

import (
	"fmt"
	"runtime/debug"

	"opsdeck/ops"
)

// crashReport is what a crash leaves behind. The panic's text may hold something
// from outside, so it is cleaned like everything else.
func crashReport(r any) []byte {
	return fmt.Appendf(nil, "opsdeck console crash: %s\n\n%s", ops.Textf("%v", r), debug.Stack())
}
