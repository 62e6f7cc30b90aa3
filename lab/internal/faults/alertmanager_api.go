package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"opsdeck/lab/internal/layout"
)

const (
	alertsPath   = "/api/v2/alerts"
	silencesPath = "/api/v2/silences"
)

// amAlert and amSilence are what the lab needs of Alertmanager's objects.
type amAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations,omitempty"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
	Status      *amStatus         `json:"status,omitempty"`
}

type amStatus struct {
	State      string   `json:"state"`
	SilencedBy []string `json:"silencedBy,omitempty"`
}

type amSilence struct {
	ID        string      `json:"id,omitempty"`
	Matchers  []amMatcher `json:"matchers"`
	StartsAt  time.Time   `json:"startsAt"`
	EndsAt    time.Time   `json:"endsAt"`
	CreatedBy string      `json:"createdBy"`
	Comment   string      `json:"comment"`
	Status    *amStatus   `json:"status,omitempty"`
}

type amMatcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual bool   `json:"isEqual"`
}

// alerts lists what Alertmanager holds, filtered by a matcher.
func alerts(ctx context.Context, matcher string) ([]amAlert, error) {
	var list []amAlert
	err := getJSON(ctx, layout.URL(layout.PortAlertmanager)+alertsPath+"?"+url.Values{"filter": {matcher}}.Encode(), &list)
	return list, err
}

// resolve tells Alertmanager that the matching alerts have ended.
func resolve(ctx context.Context, matcher string) error {
	list, err := alerts(ctx, matcher)
	if err != nil || len(list) == 0 {
		return err
	}
	for i := range list {
		list[i].EndsAt, list[i].Status = time.Now(), nil
	}
	return post(ctx, layout.URL(layout.PortAlertmanager)+alertsPath, list, nil)
}

// silences lists the active ones that createdBy made.
func silences(ctx context.Context, createdBy string) ([]amSilence, error) {
	var list, mine []amSilence
	if err := getJSON(ctx, layout.URL(layout.PortAlertmanager)+silencesPath, &list); err != nil {
		return nil, err
	}
	for _, s := range list {
		if s.CreatedBy == createdBy && s.Status != nil && s.Status.State == "active" {
			mine = append(mine, s)
		}
	}
	return mine, nil
}

func getJSON(ctx context.Context, url string, into any) error {
	return exchange(ctx, http.MethodGet, url, nil, into)
}

func post(ctx context.Context, url string, body, into any) error {
	return exchange(ctx, http.MethodPost, url, body, into)
}

// exchange sends body as JSON, where there is one, and reads the answer where
// somebody wants it.
func exchange(ctx context.Context, method, url string, body, into any) error {
	var send bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&send).Encode(body); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, &send)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %.300s", method, url, resp.Status, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
