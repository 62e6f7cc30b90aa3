// Package certificate is the lab's HTTPS page, whose certificate a fault can
// make end soon.
package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"opsdeck/lab/internal/layout"
)

// usualDays is how long a certificate lasts when no fault says otherwise.
const usualDays = 90

func file(l layout.Layout) string { return l.Path("proxy", "certificate.days") }

// EndIn makes the page's certificate end in so many days.
func EndIn(l layout.Layout, days int) error {
	return os.WriteFile(file(l), []byte(strconv.Itoa(days)), 0o644)
}

// EndAsUsual takes that back.
func EndAsUsual(l layout.Layout) error {
	if err := os.Remove(file(l)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func days(l layout.Layout) int {
	data, err := os.ReadFile(file(l))
	if err != nil {
		return usualDays
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return usualDays
	}
	return n
}

// Holder gives the certificate for each handshake.
type Holder struct {
	Lab layout.Layout

	mu   sync.Mutex // guards both below
	days int
	made *tls.Certificate
}

// Config is for the server of the page.
func (h *Holder) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if want := days(h.Lab); h.made == nil || want != h.days {
			made, err := sign(want, time.Now())
			if err != nil {
				return nil, err
			}
			h.days, h.made = want, made
		}
		return h.made, nil
	}}
}

// sign makes a self-signed certificate that ends in so many days.
func sign(days int, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	ends := now.Add(time.Duration(days) * 24 * time.Hour)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "reports.ifrs9.example"},
		DNSNames:     []string{"reports.ifrs9.example"},
		IPAddresses:  []net.IP{net.ParseIP(layout.Host)},
		NotBefore:    ends.Add(-usualDays * 24 * time.Hour),
		NotAfter:     ends,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
