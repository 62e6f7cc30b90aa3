package postgres

import (
	"context"
	"io"
	"net"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"opsdeck/ops"
)

// What a server may cost. Our statements ask for a few hundred rows; what is far beyond is
// not an answer to them.
const (
	answersMost = 32 << 20 // bytes of all answers of one use of the connection
	messageMost = 8 << 20  // of one row or message, which is room that is made before it comes
)

// bound lets a server send so much and no more.
func (s *connection) bound(cfg *pgx.ConnConfig) {
	dial := cfg.DialFunc
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return metered{c, &s.left}, nil
	}
	cfg.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		f := pgproto3.NewFrontend(r, w)
		f.SetMaxBodyLen(messageMost)
		return f
	}
}

// metered is a connection over which only so much may come.
type metered struct {
	net.Conn
	left *atomic.Int64
}

// Read reads what there is room for.
func (m metered) Read(b []byte) (int, error) {
	if m.left.Load() <= 0 {
		return 0, ops.Errorf(ops.CodeUnavailable, "the server sends more than %d MiB", answersMost>>20).Help("what answers there is no PostgreSQL server, or a broken one")
	}
	n, err := m.Conn.Read(b)
	m.left.Add(-int64(n))
	return n, err
}
