package svc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// healthTimeout is below Docker's own, so that the reason is printed before
// the check is cut off.
const healthTimeout = 2 * time.Second

// HealthCheck asks the server in this container; the error is what Docker
// keeps in the health log.
func HealthCheck(ctx context.Context, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	switch {
	case len(args) == 2 && args[0] == "redis":
		return exchange(ctx, args[1], []byte("PING\r\n"), '+')
	case len(args) == 2 && args[0] == "postgres":
		return exchange(ctx, args[1], postgresStartup("postgres", "postgres"), 'R')
	case len(args) == 1:
		return healthHTTP(ctx, args[0])
	default:
		return errors.New("healthcheck: what?")
	}
}

func healthHTTP(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	fmt.Println("ok")
	return nil
}

// exchange sends and looks at the first byte of the answer.
func exchange(ctx context.Context, addr string, send []byte, want byte) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing to lose
	if dl, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(dl); err != nil {
			return err
		}
	}
	if _, err := conn.Write(send); err != nil {
		return err
	}
	buf := make([]byte, 256)
	n, err := conn.Read(buf)
	if err != nil {
		return err
	}
	if n == 0 || buf[0] != want {
		return fmt.Errorf("%s answers %q", addr, buf[:n])
	}
	fmt.Println("ok")
	return nil
}

// postgresStartup is protocol 3.0's first message. A server that can take
// logins answers 'R'; one that still recovers answers 'E'.
func postgresStartup(user, database string) []byte {
	body := binary.BigEndian.AppendUint32(nil, 3<<16)
	for _, s := range []string{"user", user, "database", database, ""} {
		body = append(append(body, s...), 0)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)
}
