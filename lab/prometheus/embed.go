// Package prometheus carries the lab's Prometheus configuration and rules.
package prometheus

import "embed"

// Files holds the configuration templates and rule files.
//
//go:embed *.yml
var Files embed.FS
