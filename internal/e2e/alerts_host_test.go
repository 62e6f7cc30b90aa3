//go:build lab

package e2e

import (
	"testing"
	"time"
)

// What opsdeck does not read itself comes as an alert: the screen says what it is
// and how far it has gone.
func TestAFillingDiskAndAnEndingCertificateAreAlerts(t *testing.T) {
	w, s := awake(t)
	s.tall()
	disk, _ := breakLab(t, "disk-filling")
	certificate, _ := breakLab(t, "certificate-ending")
	for _, c := range []struct {
		fault, alert, which, says string
		at                        time.Time
	}{
		{"certificate-ending", "CertificateEnding", "", `The certificate of .* ends in 1d`, certificate},
		{"disk-filling", "HostDiskLow", " spool", `/spool has \d\.?\d*% left`, disk}, // the machine's own disks may be as full
	} {
		s.within(3*time.Minute, `(?m)^(> )?\s*warning\s+high `+c.alert+`\s`)
		t.Logf("%s: on the screen %s after the fault", c.fault, time.Since(c.at).Round(10*time.Millisecond))
		s.keys("2")
		s.filter(c.alert + c.which)
		s.within(3*time.Minute, `(?m)^>.*`+c.alert)
		s.keys("Enter")
		s.until(c.says + `(?s:.*)paging`)
		s.back(`(?m)^>.*` + c.alert)
		s.unfiltered()
		s.press("1", `\[1 Overview\]`)
	}
	if view, code := w.snapshot("overview"); code < 1 {
		t.Errorf("the snapshot: exit %d, %s", code, view.Verdict)
	}
}
