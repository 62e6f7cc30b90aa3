//go:build lab

package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"opsdeck/collectors/alertmanager"
	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

func TestLabARealAlertmanagerIsToldOfBackups(t *testing.T) {
	t.Parallel()
	address := freeLoopback(t)
	ownServer(t, address, "route: {receiver: none}\nreceivers: [{name: none}]\n", "prometheus-alertmanager", "--storage.path="+t.TempDir(), "--cluster.listen-address=")
	col, err := alertmanager.New(alertmanager.Config{Name: "am", Peers: []alertmanager.Peer{{URL: "http://" + address}}})
	if err != nil {
		t.Fatal(err)
	}
	e, b := fixture.BackupEstate(), fixture.Named("gap")
	tell := &teller{plan: e.Backups[0], told: map[string]ops.PostedAlert{}, log: slog.New(slog.DiscardHandler), post: col.Tell,
		board: func(context.Context) (ops.Board, error) { return b, nil }}
	now := time.Now()
	for i := range b.Backups[0].Value.Sets { // made just now, by the server's clock
		s := &b.Backups[0].Value.Sets[i]
		s.Ended = now.Add(s.Ended.Sub(fixture.Now))
	}
	has := func() map[string]int {
		got, err := col.Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for _, a := range *got.AlertmanagerAlerts {
			for _, l := range a.Labels {
				if l.Name.String() == "alertname" {
					n[l.Value.String()]++
				}
			}
		}
		return n
	}
	if err := tell.tell(t.Context(), e, now); err != nil {
		t.Fatal(err)
	}
	if n := has(); n[ops.PostedFinding] != 1 || n[ops.PostedBackup] != 2 {
		t.Errorf("it has %v", n)
	}
	b.Backups[0].Value.Findings = nil
	if err := tell.tell(t.Context(), e, time.Now()); err != nil {
		t.Fatal(err)
	}
	if n := has(); n[ops.PostedFinding] != 0 || n[ops.PostedBackup] != 2 {
		t.Errorf("what is over is still there: %v", n)
	}
}
