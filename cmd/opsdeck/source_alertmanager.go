package main

import (
	"time"

	"opsdeck/actions/silence"
	"opsdeck/collectors/alertmanager"
)

// wireAlertmanager adds the Alertmanagers and the clusters of them.
func wireAlertmanager(w *wiring) error {
	for _, s := range w.file.Alertmanager {
		var peers []alertmanager.Peer
		for _, p := range s.Peers {
			peers = append(peers, alertmanager.Peer{Name: p.Name, URL: p.URL, HTTP: s.HTTP})
		}
		col, err := alertmanager.New(alertmanager.Config{Name: s.Name, Peers: peers, Every: s.Every, Timeout: s.Timeout, Required: s.Required, Now: time.Now})
		if err != nil {
			return err
		}
		w.add(col, silence.New(col, s.Name, time.Now)...)
	}
	return nil
}
