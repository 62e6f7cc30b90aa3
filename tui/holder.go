package tui

import (
	"opsdeck/ops"
	"opsdeck/tui/screen"
)

// toHolder opens what holds the port that a container could not bind, as judge names
// it among what to do next.
func toHolder(b ops.Board, ref ops.Ref) screen.Intent {
	for c := range ops.All(b.Containers) {
		for _, n := range c.Verdict.Next {
			if c.Ref == ref && n.Key == ops.KeyHolder {
				return screen.Intent{Kind: screen.IntentOpen, Ref: n.Ref}
			}
		}
	}
	return screen.Intent{Kind: screen.IntentSay, Text: "no container is known that holds a port of it"}
}
