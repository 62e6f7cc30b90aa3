package house

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// loadtest is where the containers of a Locust are described.
var loadtest = filepath.Join("deploy", "loadtest")

// composed is what a Compose file says of a service, as far as it is looked at.
type composed struct {
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	Ports       []string          `yaml:"ports"`
	Volumes     []string          `yaml:"volumes"`
	NetworkMode string            `yaml:"network_mode"`
}

// TestALocustInContainersTakesItsVariablesAndIsReachedFromThisMachineAlone reads the Compose
// file: its web API asks nobody who they are.
func TestALocustInContainersTakesItsVariablesAndIsReachedFromThisMachineAlone(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", loadtest, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]composed `yaml:"services"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	master, worker := file.Services["master"], file.Services["worker"]
	if len(file.Services) != 2 || !slices.Contains(master.Command, "--master") || !slices.Contains(worker.Command, "--worker") {
		t.Fatalf("a master and its workers are %v", file.Services)
	}
	for name, from := range map[string]string{"LOCUST_HOST": "${LOCUST_HOST:?", "LOCUST_USERS": "${LOCUST_USERS:-", "LOCUST_SPAWN_RATE": "${LOCUST_SPAWN_RATE:-", "LOCUST_RUN_TIME": "${LOCUST_RUN_TIME:-"} {
		if got := master.Environment[name]; !strings.HasPrefix(got, from) {
			t.Errorf("%s is %q, and comes from outside as %q", name, got, from)
		}
	}
	if want := []string{"127.0.0.1:${LOCUST_PORT:-8089}:8089"}; !slices.Equal(master.Ports, want) {
		t.Errorf("the master is published at %q, want %q", master.Ports, want)
	}
	for name, s := range file.Services {
		mounted := s.Environment["LOCUST_LOCUSTFILE"]
		if want := []string{"./locustfile.py:" + mounted + ":ro"}; mounted == "" || !slices.Equal(s.Volumes, want) {
			t.Errorf("the %s reads %q, and mounts %q", name, mounted, s.Volumes)
		}
		if s.NetworkMode != "" || name != "master" && len(s.Ports) > 0 {
			t.Errorf("the %s is on the network %q and published at %q", name, s.NetworkMode, s.Ports)
		}
	}
	if _, err := os.Stat(filepath.Join("..", "..", loadtest, "locustfile.py")); err != nil {
		t.Error(err)
	}
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "guide", "load.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\$\{(\w+)`).FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(string(guide), "`"+m[1]+"`") {
			t.Errorf("the guide does not name %s", m[1])
		}
	}
}

// TestMakeStartsAndStopsTheLocustInContainers has make say what it would do.
func TestMakeStartsAndStopsTheLocustInContainers(t *testing.T) {
	const host = "http://10.0.0.5:8000"
	for target, c := range map[string]struct{ with, does string }{
		"loadtest-up":   {"LOCUST_HOST='" + host + "'", "up -d"},
		"loadtest-down": {"LOCUST_HOST=none", "down"}, // the file wants one whatever is done with it
	} {
		out, err := exec.Command("make", "--dry-run", "--no-print-directory", "-C", filepath.Join("..", ".."), target, "LOCUST_HOST="+host).CombinedOutput()
		if err != nil {
			t.Fatalf("make %s: %v\n%s", target, err, out)
		}
		runs := regexp.MustCompile("(?m)^" + regexp.QuoteMeta(c.with) + " docker[- ]compose -p loadtest -f deploy/loadtest/compose[.]yaml " + c.does + "$")
		if !runs.Match(out) {
			t.Errorf("make %s does\n%s", target, out)
		}
	}
}
