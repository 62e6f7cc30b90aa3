package servers

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"opsdeck/lab/internal/layout"
)

// rendered writes every configuration file as the servers would get it.
func rendered(t *testing.T) layout.Layout {
	t.Helper()
	l := layout.Layout{State: t.TempDir()}
	if err := l.Create(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"prometheus.yml", "ifrs9_alerting_rules.yml", "ifrs9_recording_rules.yml",
		"platform_rules.yml", "alertmanager.yml", "blackbox.yml"} {
		data, err := Render(name, l)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("[[")) {
			t.Errorf("%s: a placeholder was left", name)
		}
		if err := os.WriteFile(l.Path("etc", name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// tool runs a checker of the Debian packages. `make check` also runs on
// machines without them; `make test` installs them first, so there a missing
// one is a failure.
func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("OPSDECK_LAB") != "" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
}

func TestPrometheusAcceptsConfigurationAndRules(t *testing.T) {
	l := rendered(t)
	tool(t, "promtool", "check", "config", l.Path("etc", "prometheus.yml"))
	tool(t, "promtool", "check", "rules", l.Path("etc", "ifrs9_alerting_rules.yml"),
		l.Path("etc", "ifrs9_recording_rules.yml"), l.Path("etc", "platform_rules.yml"))
}

func TestRulesFireWhenTheyShould(t *testing.T) {
	tool(t, "promtool", "test", "rules", filepath.Join("..", "..", "prometheus", "tests", "rules_test.yml"))
}

func TestAlertmanagerAcceptsConfiguration(t *testing.T) {
	l := rendered(t)
	tool(t, "amtool", "check-config", l.Path("etc", "alertmanager.yml"))
}

func TestAlertsReachTheirReceivers(t *testing.T) {
	l := rendered(t)
	for _, c := range []struct{ name, receivers, label string }{
		{"critical pages and is mailed", "platform-page,operations", "severity=critical"},
		{"high pages and is mailed", "platform-page,operations", "severity=high"},
		{"medium is mailed", "operations", "severity=medium"},
		{"info goes to the chat", "chat", "severity=info"},
		{"the watchdog goes to the dead man", "deadman", "alertname=Watchdog"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tool(t, "amtool", "config", "routes", "test", "--config.file="+l.Path("etc", "alertmanager.yml"),
				"--verify.receivers="+c.receivers, c.label)
		})
	}
}

func TestServersHaveTheirOwnPortsAndKnownDependencies(t *testing.T) {
	seen, names := map[int]string{}, map[string]bool{}
	for _, s := range Table() {
		if other := seen[s.Port]; other != "" {
			t.Errorf("%s and %s share port %d", s.Name, other, s.Port)
		}
		seen[s.Port] = s.Name
		if s.After != "" && !names[s.After] {
			t.Errorf("%s waits for %s, which does not stand before it", s.Name, s.After)
		}
		names[s.Name] = true
	}
}
