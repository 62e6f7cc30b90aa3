// Package flood serves the series of the alert storm.
package flood

import (
	"bufio"
	"fmt"
	"net/http"
	"os"

	"opsdeck/lab/internal/layout"
)

// Series is how many series there are, and so how many alerts fire: the lab's
// rule IFRS9LoanBatchRejected has one for each.
const Series = 2000

// NoTargets is what the target file holds while nothing scrapes the series.
const NoTargets = "[]"

// Targets is the file that names their target to Prometheus.
func Targets(l layout.Layout) string { return l.Path("etc", "flood_targets.json") }

// Handler serves the metrics. Nothing scrapes them until the fault alert-flood
// names them as a target, and they are gone when it no longer does: a Prometheus
// that reads its configuration anew in that moment may keep the target for ever.
func Handler(l layout.Layout, services []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		out := bufio.NewWriter(w)
		fmt.Fprintln(out, "# TYPE ifrs9_loan_batch_rejected gauge") //nolint:errcheck // Flush reports it
		n := Series
		if text, err := os.ReadFile(Targets(l)); err != nil || string(text) == NoTargets {
			n = 0
		}
		for i := range n {
			//nolint:errcheck // Flush reports it
			fmt.Fprintf(out, "ifrs9_loan_batch_rejected{service=%q,batch=\"%04d\",severity=%q} 1\n", services[i%len(services)], i, severity(i))
		}
		// A scraper that went away is the only way to fail here.
		_ = out.Flush()
	})
}

// severity gives one high for nine medium. None is critical: Alertmanager would
// mute the medium ones of the same service for it.
func severity(i int) string {
	if i%10 == 0 {
		return "high"
	}
	return "medium"
}
