package locust

import (
	"context"
	"net"
	"net/url"
	"time"

	"opsdeck/load"
	"opsdeck/ops"
)

// exposed warns where others can reach the web API, which asks nobody who they are: it
// stops runs by a GET, and starts them.
func (d Driver) exposed(ctx context.Context, base string) []ops.Text {
	u, err := url.Parse(base)
	if err != nil {
		return nil
	}
	host, port, err := net.SplitHostPort(load.HostPort(u))
	if err != nil {
		return nil
	}
	const remedy = "whoever reaches it starts and stops loads; Locust listens on this machine alone with LOCUST_WEB_HOST=127.0.0.1"
	if ip := net.ParseIP(host); host != "localhost" && !ip.IsLoopback() {
		return []ops.Text{ops.Textf("Locust's web API is at %s, which is not this machine alone: %s", net.JoinHostPort(host, port), remedy)}
	}
	for _, at := range d.Addresses(port) {
		dial := net.Dialer{Timeout: time.Second}
		if conn, err := dial.DialContext(ctx, "tcp", at); err == nil {
			_ = conn.Close()
			return []ops.Text{ops.Textf("Locust's web API answers at %s too: %s", at, remedy)}
		}
	}
	return nil
}

// Addresses are those of this machine that others reach it by, with a port.
func Addresses(port string) (all []string) {
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range found {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			all = append(all, net.JoinHostPort(n.IP.String(), port))
		}
	}
	return all
}
