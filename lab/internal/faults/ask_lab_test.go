//go:build lab

package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"opsdeck/lab/internal/layout"
)

// value asks Prometheus for one number; no series at all is an error.
func value(ctx context.Context, expr string) (float64, error) {
	var answer struct {
		Data struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	err := getJSON(ctx, layout.URL(layout.PortPrometheus)+"/api/v1/query?"+url.Values{"query": {expr}}.Encode(), &answer)
	if err != nil {
		return 0, err
	}
	if len(answer.Data.Result) != 1 {
		return 0, fmt.Errorf("%s has %d results", expr, len(answer.Data.Result))
	}
	text, ok := answer.Data.Result[0].Value[1].(string)
	if !ok {
		return 0, fmt.Errorf("%s: no value", expr)
	}
	return strconv.ParseFloat(text, 64)
}

func is(t *testing.T, expr string, want float64) func() error {
	return func() error {
		got, err := value(t.Context(), expr)
		if err == nil && got != want {
			err = fmt.Errorf("%s is %v, want %v", expr, got, want)
		}
		return err
	}
}

// all asks for every condition at once.
func all(checks ...func() error) func() error {
	return func() error {
		for _, check := range checks {
			if err := check(); err != nil {
				return err
			}
		}
		return nil
	}
}

// held asks how many alerts Alertmanager holds.
func held(t *testing.T, matcher string, want int) func() error {
	return func() error {
		list, err := alerts(t.Context(), matcher)
		if err == nil && len(list) != want {
			err = fmt.Errorf("alertmanager holds %d alerts %s, want %d", len(list), matcher, want)
		}
		return err
	}
}

func refused(port int) func() error {
	return func() error {
		resp, err := http.Get(layout.URL(port) + "/-/ready")
		if err == nil {
			return errors.Join(resp.Body.Close(), fmt.Errorf("port %d answers %s", port, resp.Status))
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return fmt.Errorf("port %d is not refused: %w", port, err)
		}
		return nil
	}
}

func ready(port int) func() error {
	return func() error {
		hc := http.Client{Timeout: time.Second}
		resp, err := hc.Get(layout.URL(port) + "/-/ready")
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			err = fmt.Errorf("port %d answers %s", port, resp.Status)
		}
		return errors.Join(err, resp.Body.Close())
	}
}

func healthy(t *testing.T, c *client.Client, name string) func() error {
	return func() error {
		have, err := c.ContainerInspect(t.Context(), name, client.ContainerInspectOptions{})
		if err != nil {
			return err
		}
		if st := have.Container.State; !st.Running || st.Health.Status != "healthy" {
			return fmt.Errorf("%s is %s, %s", name, st.Status, st.Health.Status)
		}
		return nil
	}
}
