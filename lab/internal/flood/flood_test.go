package flood

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/lab/internal/layout"
)

func TestSeriesAreServedWhileTheyAreATarget(t *testing.T) {
	l := layout.Layout{State: t.TempDir()}
	if err := os.MkdirAll(filepath.Dir(Targets(l)), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, targets string
		want          int
	}{
		{"before the fault there is no file", "", 0},
		{"the fault names the target", `[{"targets": ["127.0.0.1:19092"]}]`, Series},
		{"healed, whatever Prometheus still scrapes", NoTargets, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.targets != "" {
				if err := os.WriteFile(Targets(l), []byte(c.targets), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			w := httptest.NewRecorder()
			Handler(l, []string{"a", "b"}).ServeHTTP(w, httptest.NewRequest("GET", "/flood/metrics", nil))
			if got := strings.Count(w.Body.String(), "\nifrs9_loan_batch_rejected{"); got != c.want {
				t.Errorf("%d series, want %d", got, c.want)
			}
		})
	}
}
