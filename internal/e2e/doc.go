// Package e2e tests the real binary: in a real pseudo-terminal (tmux), against
// the lab's real servers. Its tests need both and say so where one is missing.
package e2e
