package main

import (
	"time"

	"opsdeck/actions/silence"
	"opsdeck/collectors/alertmanager"
	"opsdeck/estate"
	"opsdeck/ops"
)

// wireAlertmanager adds the Alertmanagers and the clusters of them.
func wireAlertmanager(w *wiring) {
	for _, s := range w.file.Alertmanager {
		w.source(s.Source, ops.SourceAlertmanager, func() error {
			col, err := alertmanagerOf(s)
			if err == nil {
				w.add(col, silence.New(col, s.Name, time.Now)...)
			}
			return err
		})
	}
}

// alertmanagerOf is the collector of a source.
func alertmanagerOf(s estate.Alertmanager) (*alertmanager.Collector, error) {
	var peers []alertmanager.Peer
	for _, p := range s.Peers {
		peers = append(peers, alertmanager.Peer{Name: p.Name, URL: p.URL, HTTP: s.HTTP})
	}
	return alertmanager.New(alertmanager.Config{Name: s.Name, Peers: peers, Every: s.Every, Timeout: s.Timeout, Required: s.Required, Now: time.Now})
}
