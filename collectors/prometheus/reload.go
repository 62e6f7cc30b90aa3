package prometheus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"time"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// reloadApart is how far apart two reloads are told apart: a server tells the time of
// its configuration in whole seconds.
const reloadApart = 2 * time.Second

// Reload makes the server read its configuration and rules again (POST
// /-/reload) and returns when it says that it did: an answer alone may be anybody's,
// and the time of its configuration has to be a newer one. Servers started without
// --web.enable-lifecycle refuse with 403. An error of CodeUnanswered means that it
// may have taken effect.
func (c *Collector) Reload(ctx context.Context) (time.Time, error) {
	before, blind := c.configured(ctx)
	wait(ctx, min(reloadApart, reloadApart-c.theirs().Sub(before.LastConfigTime)))
	status, err := c.postReload(ctx)
	if err != nil {
		return time.Time{}, err
	}
	if blind != nil {
		return time.Time{}, unseenReload("it answered %s, and what configuration it runs on could not be read before: %v", status, blind)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.lookMost) // what was done has to be known
	defer cancel()
	for ctx.Err() == nil {
		now, err := c.configured(ctx)
		switch {
		case err != nil && ctx.Err() != nil && blind != nil: // cut short: what was found before tells more
		case err != nil:
			blind = err
		case !now.LastConfigTime.After(before.LastConfigTime):
			blind = fmt.Errorf("its configuration is the one of %s still", before.LastConfigTime.UTC().Format(time.RFC3339))
		default:
			return now.LastConfigTime.UTC(), nil
		}
		wait(ctx, c.lookEvery)
	}
	return time.Time{}, unseenReload("it answered %s, and that it took effect is not to be seen: %v", status, blind)
}

func unseenReload(format string, args ...any) error {
	return ops.Errorf(ops.CodeUnanswered, format, args...).
		Help("does something else answer there? prometheus_config_last_reload_success_timestamp_seconds tells when it did it last")
}

// configured asks when the configuration in force was read.
func (c *Collector) configured(ctx context.Context) (runtimeInfo, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	r, err := decode[runtimeInfo](ctx, c, "status/runtimeinfo", nil)
	switch {
	case err != nil:
		return r, err
	case r.ReloadConfigSuccess != nil && !*r.ReloadConfigSuccess:
		return r, fmt.Errorf("it did not accept its configuration, and runs on the one of %s", r.LastConfigTime.UTC().Format(time.RFC3339))
	case r.LastConfigTime.IsZero():
		return r, errors.New("it does not say")
	}
	return r, nil
}

// theirs is the time by the server's clock.
func (c *Collector) theirs() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cfg.Now().Add(c.clock.Shift())
}

// postReload makes the call, and says in words how it was answered. What is left open
// by the answer is no error.
func (c *Collector) postReload(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.JoinPath("-", "reload").String(), nil)
	if err != nil {
		return "", fmt.Errorf("reload: %w", err)
	}
	once := *c.client // a redirect would make another server reload
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := once.Do(req)
	if err != nil {
		err = httpsource.Cause(ctx, err)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return "", ops.Errorf(ops.CodeUnavailable, "%s: connection refused", c.cfg.Name)
		}
		return "nothing (" + err.Error() + ")", nil
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK, http.StatusBadGateway, http.StatusGatewayTimeout:
		return resp.Status, nil
	case http.StatusForbidden:
		return "", ops.Errorf(ops.CodeDenied, "%s does not allow it", c.cfg.Name).Help("start it with --web.enable-lifecycle, or send it SIGHUP")
	}
	return "", fmt.Errorf("reload: %w", c.refusal(ctx, "-/reload", resp))
}

// wait waits, unless ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
