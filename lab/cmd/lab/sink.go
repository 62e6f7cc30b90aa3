package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"opsdeck/lab/internal/sink"
)

// runSink takes mail and webhooks until it is told to stop.
func runSink(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("sink", flag.ContinueOnError)
	dir := flags.String("dir", "", "folder of the NDJSON files")
	smtp := flags.String("smtp", "", "address for mail")
	web := flags.String("http", "", "address for webhooks")
	if err := flags.Parse(args); err != nil || *dir == "" || *smtp == "" || *web == "" {
		return fmt.Errorf("%w: lab sink --dir DIR --smtp ADDR --http ADDR", errUsage)
	}
	mail, err := net.Listen("tcp", *smtp)
	if err != nil {
		return fmt.Errorf("mail sink: %w", err)
	}
	hooks, err := net.Listen("tcp", *web)
	if err != nil {
		return fmt.Errorf("webhook sink: %w", err)
	}
	srv := &http.Server{
		Handler:           sink.Webhook(sink.NewJournal(filepath.Join(*dir, "webhook.ndjson")), time.Now),
		ReadHeaderTimeout: 5 * time.Second,
	}
	ended := make(chan error, 2)
	go func() { ended <- sink.ServeSMTP(mail, sink.NewJournal(filepath.Join(*dir, "mail.ndjson")), time.Now) }()
	go func() { ended <- srv.Serve(hooks) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		if err := errors.Join(srv.Close(), mail.Close()); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}
