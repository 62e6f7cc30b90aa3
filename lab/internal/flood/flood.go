// Package flood serves the series of the alert storm.
package flood

import (
	"bufio"
	"fmt"
	"net/http"
)

// Series is how many series there are, and so how many alerts fire: the lab's
// rule IFRS9LoanBatchRejected has one for each.
const Series = 2000

// Handler serves the metrics. Nothing scrapes them until the fault alert-flood
// names them as a target.
func Handler(services []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		out := bufio.NewWriter(w)
		fmt.Fprintln(out, "# TYPE ifrs9_loan_batch_rejected gauge") //nolint:errcheck // Flush reports it
		for i := range Series {
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
