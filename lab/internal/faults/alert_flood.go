package faults

import (
	"context"
	"fmt"
	"os"

	"opsdeck/lab/internal/flood"
	"opsdeck/lab/internal/layout"
)

// alertFlood gives Prometheus a target with a series for each of 2,000 alerts.
// Prometheus watches the target file, and when the target goes it marks the
// series as ended, so that every alert is resolved properly.
func alertFlood() Fault {
	return Fault{
		Name: "alert-flood",
		Line: fmt.Sprintf("%d alerts IFRS9LoanBatchRejected fire at once, high and medium, over nine services", flood.Series),
		Apply: func(_ context.Context, lab Lab) error {
			return writeFloodTargets(lab, fmt.Sprintf(`[{"targets": [%q]}]`, layout.Addr(layout.PortProxy)))
		},
		Heal: func(_ context.Context, lab Lab) error {
			return writeFloodTargets(lab, flood.NoTargets)
		},
	}
}

func writeFloodTargets(lab Lab, text string) error {
	path := flood.Targets(lab.Layout)
	if have, err := os.ReadFile(path); err == nil && string(have) == text {
		return nil
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
