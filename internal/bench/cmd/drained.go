package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"opsdeck/internal/bench/figures"
	"opsdeck/internal/bench/terminal"
)

// A Prometheus that hangs sends nothing, and Alertmanager takes an alert that is
// not repeated for four minutes as resolved.
const (
	frozenFor  = 6 * time.Minute
	frozenPace = 10 * time.Second
	burning    = "target-down" // the fault that makes burningAs fire
	burningAs  = "IFRS9ServiceDown"
)

// drained is what six minutes of a frozen Prometheus did.
type drained struct {
	before, after int // alerts that Alertmanager holds
	emptyAfter    time.Duration
	looked, lost  int // screens, and those that do not show the alert any more
}

// freeze makes an alert burn, freezes Prometheus and watches who forgets it.
func (k *soak) freeze(ctx context.Context) (d drained, err error) {
	frozen := k.faults[slices.IndexFunc(k.faults, func(f fault) bool { return f.name == "prometheus-frozen" })]
	if err := k.console.Send("1"); err != nil {
		return d, err
	}
	k.broken++
	say("breaking: %s, then %s for %s", burning, frozen.name, frozenFor)
	if err := k.callLab(ctx, "fault", burning); err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, k.callLab(ctx, "heal", burning)) }()
	if _, err := k.console.Await(ctx, 2*time.Minute, func(s *terminal.Screen) bool { return s.Has(burningAs) }); err != nil {
		return d, fmt.Errorf("%s on the screen: %w", burningAs, err)
	}
	for end := time.Now().Add(2 * time.Minute); d.before == 0; err = pause(ctx, time.Second) {
		if d.before, err = k.paged(ctx); err != nil || time.Now().After(end) {
			return d, errors.Join(err, errors.New("the Alertmanager does not hear of it"))
		}
	}
	if err := k.callLab(ctx, "fault", frozen.name); err != nil {
		return d, err
	}
	k.broken++
	defer func() { err = errors.Join(err, k.callLab(ctx, "heal", frozen.name)) }()
	late, err := k.openLate(ctx)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, late.close()) }()
	for began := time.Now(); time.Since(began) < frozenFor; {
		if err := pause(ctx, frozenPace); err != nil {
			return d, err
		}
		if d.after, err = k.paged(ctx); err != nil {
			return d, err
		}
		if d.after == 0 && d.emptyAfter == 0 {
			d.emptyAfter = time.Since(began)
		}
		k.watch(&d, frozen, time.Since(began))
		d.look(late.console.Lines())
	}
	return d, nil
}

// latecomer is a console whose agent began while Prometheus was frozen: Alertmanager
// alone can tell it what burns.
type latecomer struct {
	place   *stage
	console *terminal.Session
}

func (k *soak) openLate(ctx context.Context) (l latecomer, err error) {
	if l.place, err = newStage(k.settings, filepath.Dir(k.place.dir), "late", ""); err != nil {
		return l, err
	}
	if l.console, err = l.place.open(0, nil); err != nil {
		return l, err
	}
	if _, err = l.console.Await(ctx, patience, func(s *terminal.Screen) bool { return s.Has(burningAs) }); err != nil {
		return l, errors.Join(fmt.Errorf("%s on the screen of one that came later: %w", burningAs, err), l.close())
	}
	return l, nil
}

func (l latecomer) close() error { return errors.Join(l.console.Close(), l.place.stop()) }

// look counts one screen, and whether the alert is on it.
func (d *drained) look(lines []string) {
	d.looked++
	if !terminal.Has(lines, burningAs) {
		d.lost++
	}
}

// watch judges one screen of the silence.
func (k *soak) watch(d *drained, frozen fault, after time.Duration) {
	lines := k.console.Lines()
	d.look(lines)
	if after < frozen.shown {
		return
	}
	k.blame(frozen, "1", fmt.Sprintf("%s after %s: it ", after.Round(time.Second), frozen.name), lines)
}

// paged is how many alerts Alertmanager holds of the one that burns.
func (k *soak) paged(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	u := k.place.lab.Alertmanager[0].Peers[0].URL
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(u, "/")+"/api/v2/alerts?filter=alertname%3D"+burningAs, nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var all []json.RawMessage
	err = json.NewDecoder(resp.Body).Decode(&all)
	return len(all), err
}

// add writes down who forgot.
func (d drained) add(t *figures.Table) {
	empty := "never emptied"
	if d.emptyAfter > 0 {
		empty = fmt.Sprintf("none after %s", d.emptyAfter.Round(time.Second))
	}
	var err error
	if d.after != 0 {
		err = errors.New("the Alertmanager did not forget: the silence proves nothing")
	}
	t.Add(figures.Row{What: fmt.Sprintf("Prometheus frozen for %s while %s burns, for one who saw it begin and one who came later: screens that lost it", short(frozenFor), burningAs), Budget: "0", Broken: d.lost > 0,
		Shown: fmt.Sprintf("%d of %d (Alertmanager: %d before, %s)", d.lost, d.looked, d.before, empty)}, err)
}
