//go:build lab

package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// calm opens a console on the whole lab.
func calm(t *testing.T) (*world, *screen) {
	t.Helper()
	whole(t)
	w := newWorld(t, forgetful)
	s := w.console()
	s.tall()
	s.answered("prometheus ok", "docker live", "13/13 running")
	// Alerts of what an earlier test broke take a while to clear.
	s.free(young, attention, `^..CRITICAL`)
	return w, s
}

// seen waits for words on the screen and tells how long after the fault.
func seen(s *screen, at time.Time, what, re string) {
	s.Helper()
	s.within(2*time.Minute, re)
	s.Logf("%s: on the screen %s after the fault", what, time.Since(at).Round(10*time.Millisecond))
}

func TestAKilledContainerIsNamedAndMarkedAfterItsReturn(t *testing.T) {
	w, s := calm(t)
	green := s.green("docker live")
	at, heal := breakLab(t, "container-killed")
	seen(s, at, "container-killed", `CRITICAL\s+ifrs9-api killed\s.*exit code 137: killed \(SIGKILL\)`)
	s.until(`(?m)^CRITICAL\s+(\d+ causes? of )?\d+ findings?, the worst: .* since \d\d:\d\dZ`)
	s.until(`containers: 12/13 running`)
	for _, g := range s.good(green) {
		if strings.Contains(g, "api") || strings.Contains(g, "containers") {
			t.Errorf("falsely green: %s", g)
		}
	}
	view, code := w.snapshot("containers")
	level, cells := view.row(t, "containers", "container:docker/ifrs9-api")
	if code != 2 || level != "critical" || cells["state"].Text != "killed" || !strings.Contains(cells["cause"].Text, "137") {
		t.Errorf("the snapshot: exit %d, %s, %+v", code, level, cells)
	}
	s.keys("3")
	s.until(`ifrs9-api\s+killed\s.*exit code 137: killed`)
	heal()
	s.until(`ifrs9-api\s+running again\s.*died \d\d:\d\d:\d\dZ, exit code 137`)
	s.until(`expected 13/13 running`)
	s.keys("0")
	s.filter("ifrs9-api")
	s.until(`container .*ifrs9-api .*ended as asked, exit 137`)
	s.unfiltered()
	s.keys("1")
	s.until(`info\s+ifrs9-api running again\s.*died .*137`)
	until(t, 2*time.Minute, "what was mended is not critical any more, its alerts have cleared", func() bool {
		_, code = w.snapshot("containers")
		return code < 2
	})
}

func TestACrashLoopIsNamedWithItsExitCode(t *testing.T) {
	w, s := calm(t)
	green := s.green("docker live")
	at, heal := breakLab(t, "crash-loop")
	seen(s, at, "crash-loop", `CRITICAL\s+ifrs9-validator crash-looping\s.*exit code 3`)
	s.until(`(?m)^CRITICAL\s+(\d+ causes? of )?\d+ findings?, the worst: `)
	for _, g := range s.good(green) {
		if strings.Contains(g, "validator") {
			t.Errorf("falsely green: %s", g)
		}
	}
	view, code := w.snapshot("containers")
	level, cells := view.row(t, "containers", "container:docker/ifrs9-validator")
	if code != 2 || level != "critical" || cells["state"].Text != "crash-looping" || !strings.Contains(cells["cause"].Text, "exit code 3") {
		t.Errorf("the snapshot: exit %d, %s, %+v", code, level, cells)
	}
	heal()
	s.keys("3")
	s.within(2*time.Minute, `ifrs9-validator\s+running again\s.*died \d\d:\d\d:\d\dZ, exit code 3`)
	s.filter("ifrs9-validator")
	s.until(`(?m)^> *ifrs9-validator`)
	s.keys("a")
	s.until(`write down who knows of it: died \d\d:\d\d:\d\dZ, exit code 3`)
	s.enter(`> note\s+`, "bad configuration")
	s.keys("Enter")
	s.until(`ifrs9-validator\s+running again\s.*acked by root`)
	s.keys("0")
	s.filter("ifrs9-validator")
	s.until(`container .*ifrs9-validator died, exit 3`)
	s.until(`ack\s+acked what happened to ifrs9-validator: died \d\d:\d\d:\d\dZ, exit code 3`)
}

// ofOthers are the good signs that a frozen Prometheus has no part in.
var ofOthers = regexp.MustCompile(`^(docker live|alertmanager ok|postgres ok|lab ok|RPO )|containers: 13/13 running|database postgres: |backups lab: `)

func TestAFrozenPrometheusIsSilentAndNothingOfItIsGreen(t *testing.T) {
	w, s := calm(t)
	green := s.green("docker live")
	s.until(`alerts firing: (?s:.*)data-quality\s+[\d.]+%`)
	at, heal := breakLab(t, "prometheus-frozen")
	seen(s, at, "prometheus-frozen", `sources  prometheus SILENT`)
	text := s.until(`prometheus SILENT since \d\d:\d\dZ: accepts connections, gives no answer`)
	if !regexp.MustCompile(`(?m)^UNKNOWN\s+\d+ finding.*prometheus silent since`).MatchString(text) {
		t.Errorf("the verdict does not say it:\n%s", text)
	}
	for what, re := range map[string]string{
		"the count on the frame": `\d+ \w+ as of \S+ ago, prometheus SILENT|alerts unknown`, // none fired, or none is known to
		"the alerts":             `alerts firing: \d.* as of \S+ ago, prometheus SILENT|alerts: unknown .*\S+ ago, prometheus SILENT`,
		"an indicator":           `UNKNOWN\s+data-quality\s+[\d.]+%.*the last value, \S+ ago`,
	} {
		if !regexp.MustCompile(re).MatchString(text) {
			t.Errorf("%s does not stay with its age:\n%s", what, text)
		}
	}
	for _, g := range s.good(green) {
		if !ofOthers.MatchString(g) {
			t.Errorf("falsely green: %s", g)
		}
	}
	view, code := w.snapshot("overview")
	_, cells := view.row(t, "sources", "source:/prometheus")
	if code != 3 || view.Level != "unknown" || cells["state"].Text != "SILENT" || len(view.Unknowns) == 0 {
		t.Errorf("the snapshot: exit %d, level %s, %+v, %q", code, view.Level, cells, view.Unknowns)
	}
	heal()
	s.within(2*time.Minute, `sources .*prometheus ok`)
	s.headFree(`SILENT`)
	s.keys("0")
	s.filter("prometheus silent")
	s.until(`source .*prometheus silent: accepts connections`)
	s.until(`source .*prometheus ok again, silent since`)
}
