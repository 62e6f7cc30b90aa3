package guide

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"opsdeck/estate"
)

var scenarios = regexp.MustCompile("(?s)```yaml\nloads:\n(.*?)```")

// What the scenarios of the guide name beside themselves: a PostgreSQL, a Docker, a Prometheus,
// and two indicators.
const besideLoads = `estate: guide
environment: development
sources:
  docker: {kind: docker}
  prom: {kind: prometheus, url: "http://127.0.0.1:9090"}
  postgres: {kind: postgres, dsn: "postgres://127.0.0.1:5432/postgres"}
kpis:
  cpu: {query: cpu, target: "<= 80", source: prom}
  memory: {query: memory, target: "<= 80", source: prom}
loads:
`

// Somebody pastes them at night: they are an estate without a fault as they stand.
func TestTheScenariosOfThePageOfLoadsCanBePasted(t *testing.T) {
	page, err := os.ReadFile("load.md")
	if err != nil {
		t.Fatal(err)
	}
	text := besideLoads
	for _, block := range scenarios.FindAllSubmatch(page, -1) {
		text += string(block[1])
	}
	path := filepath.Join(t.TempDir(), "guide.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := estate.Check(path, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var kinds []string
	for _, s := range f.Estate.Loads {
		kinds = append(kinds, s.Driver.String()+" "+s.Kind.String())
	}
	for _, want := range []string{"http normal", "http peak", "http stress", "http endurance", "http recovery", "locust normal", "loans normal"} {
		if !slices.Contains(kinds, want) {
			t.Errorf("there is no scenario that is %s among %v", want, kinds)
		}
	}
}
