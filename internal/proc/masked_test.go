package proc

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"opsdeck/ops"
)

// TestNoKnownSecretComesThroughHoweverItIsWritten writes texts with secrets in them in pieces
// that end anywhere, and looks at the file behind each: lines that are too long are written in
// parts, and a key may have several lines.
func TestNoKnownSecretComesThroughHoweverItIsWritten(t *testing.T) {
	key := []string{"MIIEvQIBADANBgkqhkiG9w0B", "AQEFAASCBKcwggSjAgEAAoIB"}
	values := []string{"xyzzy-plugh", "pä55wörd-öf-ürs", "pl/ug+h&=x", strings.Join(key, "\n")}
	secrets := ops.NewSecrets(values...)
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		var text strings.Builder
		for range 30 {
			text.WriteString(values[r.IntN(len(values))])
			switch r.IntN(4) {
			case 0:
				text.WriteString("\n")
			case 1:
				text.WriteString(strings.Repeat("ö.", r.IntN(lineMost)))
			default:
				text.WriteString(" and ")
			}
		}
		path := filepath.Join(t.TempDir(), fmt.Sprint(seed))
		m, err := newMasked(path, keptMost, secrets)
		if err != nil {
			t.Fatal(err)
		}
		looks := func() string {
			t.Helper()
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range slices.Concat(values[:3], key) {
				if strings.Contains(string(b), secret) {
					t.Fatalf("seed %d: %q is in the file", seed, secret)
				}
			}
			return string(b)
		}
		for rest := []byte(text.String()); len(rest) > 0; {
			n := 1 + r.IntN(min(len(rest), []int{3, 40, 4000, 40000}[r.IntN(4)]))
			if _, err := m.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			if rest = rest[n:]; r.IntN(8) == 0 {
				looks()
			}
		}
		if err := m.close(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(looks(), "•••") {
			t.Fatalf("seed %d: nothing of it was written", seed)
		}
	}
}
