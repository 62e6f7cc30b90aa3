package certificate

import (
	"crypto/x509"
	"testing"
	"time"

	"opsdeck/lab/internal/layout"
)

func TestCertificateEndsWhenAFaultSays(t *testing.T) {
	l := layout.Layout{State: t.TempDir()}
	if err := l.Create(); err != nil {
		t.Fatal(err)
	}
	h := &Holder{Lab: l}
	left := func() time.Duration {
		t.Helper()
		c, err := h.Config().GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return time.Until(parsed.NotAfter).Round(time.Hour)
	}
	for _, step := range []struct {
		name string
		do   func() error
		want time.Duration
	}{
		{"as usual", func() error { return nil }, 90 * 24 * time.Hour},
		{"ending", func() error { return EndIn(l, 2) }, 48 * time.Hour},
		{"as usual again", func() error { return EndAsUsual(l) }, 90 * 24 * time.Hour},
		{"mended twice", func() error { return EndAsUsual(l) }, 90 * 24 * time.Hour},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := left(); got != step.want {
			t.Errorf("%s: %s left, want %s", step.name, got, step.want)
		}
	}
}
