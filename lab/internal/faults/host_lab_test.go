//go:build lab

package faults

import (
	"fmt"
	"os"
	"testing"
)

func TestDiskFilling(t *testing.T) {
	lab, _ := running(t)
	expr := fmt.Sprintf(`node_filesystem_avail_bytes{mountpoint=%q} / node_filesystem_size_bytes`, spool(lab))
	full := func() error {
		share, err := value(t.Context(), expr)
		if err == nil && share > 0.03 {
			err = fmt.Errorf("%.2f of it is free", share)
		}
		if err != nil {
			return err
		}
		// The next writer gets no space, which is the point.
		err = os.WriteFile(spool(lab)+"/more", make([]byte, 4<<20), 0o644)
		if err == nil {
			return fmt.Errorf("4 MiB more fit in")
		}
		return os.Remove(spool(lab) + "/more")
	}
	breakAndHeal(t, lab, "disk-filling", full, all(is(t, "count("+expr+") or vector(0)", 0), func() error {
		if mounted(spool(lab)) {
			return fmt.Errorf("%s is still mounted", spool(lab))
		}
		return nil
	}))
}

func TestCertificateEnding(t *testing.T) {
	lab, _ := running(t)
	const left = `round((probe_ssl_earliest_cert_expiry{job="probe-https"} - time()) / 86400)`
	breakAndHeal(t, lab, "certificate-ending",
		all(is(t, left, 2), held(t, `alertname="CertificateEnding"`, 1)),
		all(is(t, left, 90), held(t, `alertname="CertificateEnding"`, 0)))
}

func TestReplicaPaused(t *testing.T) {
	lab, _ := running(t)
	behind := says(t, lab, `SELECT count(*) = 1 FROM pg_stat_replication r JOIN pg_replication_slots s ON s.active_pid = r.pid
		WHERE r.state = 'streaming' AND pg_wal_lsn_diff(r.sent_lsn, r.replay_lsn) > 100000`)
	breakAndHeal(t, lab, "replica-paused", behind, says(t, lab, `SELECT (SELECT count(*) FROM pg_stat_replication) + (SELECT count(*) FROM pg_replication_slots) = 0`))
}
