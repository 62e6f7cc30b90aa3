package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
)

// metricsTimeout bounds a scrape.
const metricsTimeout = 10 * time.Second

// metricsHandler answers a scrape from a board.
func metricsHandler(board func(context.Context) (ops.Board, error)) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), metricsTimeout)
		defer cancel()
		b, err := board(ctx)
		var text bytes.Buffer
		if err == nil {
			err = report.WriteMetrics(&text, b, time.Now())
		}
		if err != nil {
			http.Error(w, ops.AsError(err).What.String(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(text.Bytes()) // who asked has gone
	})
	return mux
}

// tellMetrics serves them until ctx ends.
func tellMetrics(ctx context.Context, l net.Listener, board func(context.Context) (ops.Board, error), log *slog.Logger) {
	srv := &http.Server{Handler: metricsHandler(board), ReadHeaderTimeout: metricsTimeout, WriteTimeout: 2 * metricsTimeout, MaxHeaderBytes: 16 << 10}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(l); ctx.Err() == nil {
		log.Error("metrics are told no more", "err", err)
	}
}
