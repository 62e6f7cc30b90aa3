package svc

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// GrafanaStandIn answers Grafana's health page and says that it is not
// Grafana: Debian has no package of it, and the lab pulls nothing.
func GrafanaStandIn(ctx context.Context, port string) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/health", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{"stand_in": true, "database": "ok", "version": "stand-in", "commit": "none"})
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{"stand_in": true, "message": "a stand-in of the opsdeck lab, not Grafana"})
	})
	ln, err := net.Listen("tcp", ":"+port)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = srv.Shutdown(stop)
	}()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
