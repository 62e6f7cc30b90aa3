package sim

import (
	"cmp"
	_ "embed"
	"fmt"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed world/world.yaml
var worldText []byte

// script is the world as its file describes it. What is simulated is data: Go
// knows how things behave, and names none of them.
type script struct {
	Lap        span
	Evaluate   span
	Age        span
	Versions   struct{ Prometheus, Alertmanager, Docker string }
	Project    string
	Job        string
	Registry   string
	Containers []containerScript
	Life       []episode
	Series     []seriesScript
	Pipelines  []pipelineScript
	Receivers  map[string]string // by severity; "" for the rest
	Rules      []ruleScript
	Silences   []silenceScript
	Backups    backupsScript
	Database   databaseScript
}

type containerScript struct {
	Name, Image string
	Port        uint16
	CPU         float64 // cores
	Memory      int64   // MiB
	Limit       int64   // MiB
	Every       span    // between two log lines
	Check       bool    // it has a health check
	Log         []string
}

// Kinds of what happens to a container.
const (
	crashLoop   = "crash-loop"
	unhealthy   = "unhealthy"
	outOfMemory = "out-of-memory"
)

// episode is something that happens in every lap, or, standing, once and before
// the start.
type episode struct {
	Name      string
	At, For   span
	Standing  span
	Kind      string
	Container string
	Code      int
	Runs      span // of a crash loop: from a start to its end
	Cure      bool // a start by hand ends it
	Hangs     bool // its everyday lines stop
	Log       []string
}

type seriesScript struct {
	Metric string
	Of     string // the container; its labels are job, instance and service
	Labels map[string]string
	Base   float64
	Swing  float64
	In     span
	Noise  float64
	During map[string]float64 // by episode
	Rise   span
}

type pipelineScript struct {
	Name, Of         string
	First, Run, Rest span
	Stages           []string
}

type ruleScript struct {
	Group, Name, Expr string
	For               span
	Labels            map[string]string
	Notes             map[string]string
}

type silenceScript struct {
	By, Comment string
	Began, Left span
	Match       map[string]string
}

// span is a duration in YAML: "90s", "6m".
type span time.Duration

// UnmarshalYAML reads what time.ParseDuration does.
func (s *span) UnmarshalYAML(b []byte) error {
	var text string
	if err := yaml.Unmarshal(b, &text); err != nil {
		return err
	}
	d, err := time.ParseDuration(text)
	*s = span(d)
	return err
}

func (s span) d() time.Duration { return time.Duration(s) }

// readScript reads the embedded world and checks that what it names exists.
func readScript() (*script, error) {
	s := &script{}
	if err := yaml.UnmarshalWithOptions(worldText, s, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read the simulated world: %w", err)
	}
	containers, episodes := map[string]bool{"": true}, map[string]bool{}
	for _, c := range s.Containers {
		containers[c.Name] = true
	}
	for _, e := range s.Life {
		episodes[e.Name] = true
		if !containers[e.Container] || e.Standing == 0 && e.At+e.For > s.Lap {
			return nil, fmt.Errorf("simulated world: %s has no such container, or is longer than a lap", e.Name)
		}
	}
	for _, x := range s.Series {
		for name := range x.During {
			if !episodes[name] || !containers[x.Of] {
				return nil, fmt.Errorf("simulated world: series %s names what does not exist", x.Metric)
			}
		}
	}
	pids := map[int]bool{0: true}
	for _, x := range s.Database.Sessions {
		if x.During != "" && !episodes[x.During] || !pids[x.By] {
			return nil, fmt.Errorf("simulated world: session %d names what does not exist, or what comes after it", x.PID)
		}
		pids[x.PID] = true
	}
	for _, r := range s.Rules {
		if _, err := parseExpr(r.Expr); err != nil {
			return nil, fmt.Errorf("simulated world: rule %s: %w", r.Name, err)
		}
	}
	return s, nil
}

// receiver is who is told of an alert of that severity.
func (s *script) receiver(severity string) string {
	return cmp.Or(s.Receivers[severity], s.Receivers[""])
}
