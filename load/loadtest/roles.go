// Package loadtest is what tests of load runs share that start processes of their own.
package loadtest

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"
)

// Main runs tests, unless the variable of a role makes this test binary a load's child, or
// an agent that starts one.
func Main(m *testing.M, role string, child func(context.Context, io.Reader, io.Writer, func()) error, agent func() int) {
	switch os.Getenv(role) {
	case "child":
		if err := child(context.Background(), os.Stdin, os.Stdout, func() { os.Exit(3) }); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case "agent":
		os.Exit(agent())
	}
	os.Exit(m.Run())
}
