// Package alertmanager carries the lab's Alertmanager configuration.
package alertmanager

import "embed"

// Files holds the configuration template.
//
//go:embed *.yml
var Files embed.FS
