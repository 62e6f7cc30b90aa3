package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"opsdeck/lab/internal/certificate"
	"opsdeck/lab/internal/flood"
	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/proxy"
	"opsdeck/lab/internal/svc"
)

// runProxy leads the console to the servers until it is told to stop.
func runProxy(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("proxy", flag.ContinueOnError)
	state := flags.String("state", "", "the lab's state folder")
	if err := flags.Parse(args); err != nil || *state == "" {
		return fmt.Errorf("%w: lab proxy --state DIR", errUsage)
	}
	l := layout.Layout{State: *state}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ways := []proxy.Way{
		{Name: proxy.Prometheus, From: layout.PortPrometheusProxy, To: layout.PortPrometheus, Lab: l},
		{Name: proxy.Alertmanager, From: layout.PortAlertmanagerProxy, To: layout.PortAlertmanager, Lab: l},
	}
	ended := make(chan error, len(ways)+2)
	go func() { ended <- serveCertificate(ctx, l) }()
	go func() { ended <- serveOwnPage(ctx, l) }()
	for _, w := range ways {
		go func() { ended <- w.Serve(ctx) }()
	}
	var errs []error
	for range cap(ended) {
		if err := <-ended; err != nil {
			errs = append(errs, err)
		}
		cancel() // one that ended takes the others along: `lab up` starts them all
	}
	return errors.Join(errs...)
}

// serveOwnPage answers for the proxy itself, whatever the servers behind do.
func serveOwnPage(ctx context.Context, l layout.Layout) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.Handle("GET /flood/metrics", flood.Handler(l, slices.Sorted(maps.Keys(svc.Ports))))
	ln, err := net.Listen("tcp", layout.Addr(layout.PortProxy))
	if err != nil {
		return err
	}
	return serve(ctx, ln, mux)
}

// serveCertificate is a page that is there for its certificate only.
func serveCertificate(ctx context.Context, l layout.Layout) error {
	holder := &certificate.Holder{Lab: l}
	ln, err := tls.Listen("tcp", layout.Addr(layout.PortCertificate), holder.Config())
	if err != nil {
		return err
	}
	return serve(ctx, ln, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }))
}

func serve(ctx context.Context, ln net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = srv.Close() })()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
