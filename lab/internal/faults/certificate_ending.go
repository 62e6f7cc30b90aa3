package faults

import (
	"context"

	"opsdeck/lab/internal/certificate"
)

const daysLeft = 2

func certificateEnding() Fault {
	return Fault{
		Name:  "certificate-ending",
		Line:  "the certificate of the lab's HTTPS page (port 19443) ends in 2 days instead of 90",
		Apply: func(_ context.Context, lab Lab) error { return certificate.EndIn(lab.Layout, daysLeft) },
		Heal:  func(_ context.Context, lab Lab) error { return certificate.EndAsUsual(lab.Layout) },
	}
}
