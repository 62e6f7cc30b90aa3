//go:build !unix

package main

// alone is true where no shell has job control: nothing can stop us.
func alone() bool { return true }
