package docker

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"testing"
)

// TestAnAnswerWithoutEndIsCutOff reads what comes behind a request, for ever; a log and events
// may go on.
func TestAnAnswerWithoutEndIsCutOff(t *testing.T) {
	for path, most := range map[string]int64{"/v1.41/containers/json?all=1": answerMost, "/v1.41/containers/logs/json": answerMost, "/v1.41/containers/web/logs?follow=1": math.MaxInt64, "/v1.41/events": math.MaxInt64} {
		ours, theirs := net.Pipe()
		c, err := bounded(func(context.Context, string, string) (net.Conn, error) { return ours, nil })(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = io.ReadFull(theirs, make([]byte, 4))
			_, _ = io.CopyN(io.Discard, theirs, int64(len(path)+len(" HTTP/1.1\r\n\r\n")))
			for chunk := make([]byte, 1<<20); ; {
				if _, err := theirs.Write(chunk); err != nil {
					return
				}
			}
		}()
		if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\n\r\n", path); err != nil {
			t.Fatal(err)
		}
		n, err := io.CopyBuffer(io.Discard, io.LimitReader(c, answerMost+4<<20), make([]byte, 1<<20))
		_, _ = ours.Close(), theirs.Close()
		switch {
		case most == answerMost && (err == nil || !strings.Contains(err.Error(), "larger than 32 MiB") || n > answerMost+2<<20):
			t.Errorf("%s: %d bytes, %v", path, n, err)
		case most > answerMost && (err != nil || n != answerMost+4<<20):
			t.Errorf("%s: %d bytes, %v", path, n, err)
		}
	}
}
