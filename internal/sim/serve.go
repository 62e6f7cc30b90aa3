package sim

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"
)

// Servers is where a world is served.
type Servers struct {
	Prometheus   string   // http://127.0.0.1:port
	Replicas     []string // the others of its pair
	Alertmanager string
	Docker       string // unix:///path or tcp://127.0.0.1:port
	Shop         string // http://127.0.0.1:port, where loads are sent to
	Postgres     string // a connection string
	Backups      string // the folder of pgBackRest's configuration, locks and program

	servers []*http.Server
	stop    context.CancelFunc
	wg      sync.WaitGroup
}

// Serve serves a world on loopback, Docker on a socket in dir where the system has
// unix sockets, pgBackRest by a program in dir. Close ends it.
func Serve(w *World, dir string) (*Servers, error) {
	ctx, stop := context.WithCancel(context.Background())
	s := &Servers{stop: stop}
	prom, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	pager, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, prom.Close(), s.Close())
	}
	docker, err := net.Listen("unix", filepath.Join(dir, "docker.sock"))
	if err != nil {
		return nil, errors.Join(err, prom.Close(), pager.Close(), s.Close())
	}
	s.Prometheus, s.Alertmanager = "http://"+prom.Addr().String(), "http://"+pager.Addr().String()
	s.Docker = "unix://" + docker.Addr().String()
	s.run(ctx, prom, w.Prometheus(s.Alertmanager))
	s.run(ctx, pager, w.Alertmanager(s.Prometheus))
	s.run(ctx, docker, w.Docker())
	for i := 1; i < len(w.alerting.Replicas); i++ {
		other, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.Replicas = append(s.Replicas, "http://"+other.Addr().String())
		s.run(ctx, other, w.replica(s.Alertmanager, i))
	}
	shop, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.Shop = "http://" + shop.Addr().String()
	s.run(ctx, shop, Front())
	engine, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.run(ctx, engine, w.PgBackRest(dir))
	if err := s.servePostgres(ctx, w); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.Backups = dir
	if err := w.engine(dir, "http://"+engine.Addr().String()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.wg.Go(func() { w.live(ctx) })
	return s, nil
}

// run serves one handler until the end. Requests end with ctx: streams would
// outlive it.
func (s *Servers) run(ctx context.Context, l net.Listener, h http.Handler) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	s.servers = append(s.servers, srv)
	s.wg.Go(func() { _ = srv.Serve(l) }) // it ends with Close
}

// Close ends the servers and waits for them.
func (s *Servers) Close() error {
	s.stop()
	var err error
	for _, srv := range s.servers {
		err = errors.Join(err, srv.Close())
	}
	s.wg.Wait()
	return err
}

// live lets the world go on by itself.
func (w *World) live(ctx context.Context) {
	t := time.NewTicker(pace)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			w.Advance()
		}
	}
}
