package main

import (
	"time"

	"opsdeck/actions/silence"
	"opsdeck/collectors/alertmanager"
	"opsdeck/ops"
)

// wireAlertmanager adds the Alertmanagers and the clusters of them.
func wireAlertmanager(w *wiring) {
	for _, s := range w.file.Alertmanager {
		w.source(s.Source, ops.SourceAlertmanager, func() error {
			var peers []alertmanager.Peer
			for _, p := range s.Peers {
				peers = append(peers, alertmanager.Peer{Name: p.Name, URL: p.URL, HTTP: s.HTTP})
			}
			col, err := alertmanager.New(alertmanager.Config{Name: s.Name, Peers: peers, Every: s.Every, Timeout: s.Timeout, Required: s.Required, Now: time.Now})
			if err == nil {
				w.add(col, silence.New(col, s.Name, time.Now)...)
			}
			return err
		})
	}
}
