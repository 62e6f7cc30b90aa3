package docker

import (
	"bytes"
	"context"
	"math"
	"net"
	"sync/atomic"

	"opsdeck/ops"
)

// answerMost is how many bytes one answer of a daemon may have. A thousand containers
// are a few megabytes; logs and events are streams, which are cut line by line.
const answerMost = 32 << 20

// bounded bounds the answers that come over the connections of dial. The client takes no
// transport of ours that could see a body, so it is done by the request that goes out; under TLS
// that cannot be read.
func bounded(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &metered{Conn: c}, nil
	}
}

// metered is a connection over which one answer may come after each request.
type metered struct {
	net.Conn
	left atomic.Int64
}

// Write sends a request, or a part of one.
func (m *metered) Write(b []byte) (int, error) {
	line, _, _ := bytes.Cut(b, []byte(" HTTP/1.1\r\n"))
	path, _, _ := bytes.Cut(line, []byte("?"))
	if m.left.Store(answerMost); bytes.HasSuffix(path, []byte("/logs")) || bytes.HasSuffix(path, []byte("/events")) {
		m.left.Store(math.MaxInt64)
	}
	return m.Conn.Write(b)
}

// Read reads what there is room for.
func (m *metered) Read(b []byte) (int, error) {
	if m.left.Load() < 0 {
		return 0, ops.Errorf(ops.CodeUnavailable, "its answer is larger than %d MiB", answerMost>>20).Help("what answers there is no Docker daemon, or a broken one")
	}
	n, err := m.Conn.Read(b)
	m.left.Add(-int64(n))
	return n, err
}
