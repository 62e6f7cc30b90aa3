package estate

import (
	"strconv"
	"strings"

	"opsdeck/ops"
)

// targetOf reads ">= 99.5", which the check has let through; what is not there
// is no target.
func targetOf(s string) ops.Target {
	if len(s) < 2 {
		return ops.Target{}
	}
	limit, err := strconv.ParseFloat(strings.TrimSpace(s[2:]), 64)
	return ops.Target{AtLeast: s[:2] == ">=", Limit: limit, Known: err == nil}
}
