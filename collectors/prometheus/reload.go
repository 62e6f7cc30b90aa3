package prometheus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// Reload makes the server read its configuration and rules again (POST
// /-/reload, which answers after it has). Servers started without
// --web.enable-lifecycle refuse with 403.
func (c *Collector) Reload(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.JoinPath("-", "reload").String(), nil)
	if err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	once := *c.client // a redirect would make another server reload
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := once.Do(req)
	if err != nil {
		err = httpsource.Cause(ctx, err)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return ops.Errorf(ops.CodeUnavailable, "%s: connection refused", c.cfg.Name)
		}
		return ops.Errorf(ops.CodeUnanswered, "%s did not answer: %v", c.cfg.Name, err).Help("prometheus_config_last_reload_successful tells whether it did it")
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusForbidden:
		return ops.Errorf(ops.CodeDenied, "%s does not allow it", c.cfg.Name).Help("start it with --web.enable-lifecycle, or send it SIGHUP")
	}
	return fmt.Errorf("reload: %w", c.refusal(ctx, "-/reload", resp))
}
