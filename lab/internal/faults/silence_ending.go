package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
	"opsdeck/lab/internal/svc"
)

const (
	silencer      = "opsdeck-lab"
	silenceLasts  = 10 * time.Minute
	silencedAlert = "IFRS9DataQualityLow"
	lowQuality    = 0.91
)

// silenceEnding makes an alert burn and silences it for ten minutes: the
// silence ends long before the cause does.
func silenceEnding() Fault {
	const name = "ifrs9-validator"
	quality := service("", "", name,
		func(c *svc.Control) { c.Quality = lowQuality },
		func(c *svc.Control) { c.Quality = 0 })
	return Fault{
		Name: "silence-ending",
		Line: "data quality falls to 91 %, its alert fires (after 20 s) under a silence that ends in 10 minutes",
		Apply: func(ctx context.Context, lab Lab) error {
			if err := quality.Apply(ctx, lab); err != nil {
				return err
			}
			if err := process.Until(ctx, func() error { return fires(ctx, silencedAlert) }); err != nil {
				return err
			}
			return silenceOnce(ctx, silencedAlert)
		},
		Heal: func(ctx context.Context, lab Lab) error {
			return errors.Join(expireSilences(ctx), quality.Heal(ctx, lab))
		},
	}
}

func fires(ctx context.Context, alert string) error {
	list, err := alerts(ctx, fmt.Sprintf("alertname=%q", alert))
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("alert %s does not fire yet", alert)
	}
	return err
}

func silenceOnce(ctx context.Context, alert string) error {
	have, err := silences(ctx, silencer)
	if err != nil || len(have) > 0 {
		return err
	}
	now := time.Now()
	return post(ctx, layout.URL(layout.PortAlertmanager)+silencesPath, amSilence{
		Matchers: []amMatcher{{Name: "alertname", Value: alert, IsEqual: true}},
		StartsAt: now, EndsAt: now.Add(silenceLasts), CreatedBy: silencer, Comment: "known, the source file is being replaced",
	}, nil)
}

func expireSilences(ctx context.Context) error {
	have, err := silences(ctx, silencer)
	if err != nil {
		return err
	}
	for _, s := range have {
		url := layout.URL(layout.PortAlertmanager) + "/api/v2/silence/" + s.ID
		if err := exchange(ctx, http.MethodDelete, url, nil, nil); err != nil {
			return err
		}
	}
	return nil
}
