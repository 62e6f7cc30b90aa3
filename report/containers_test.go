package report_test

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

func containersOf(source string, list ...ops.Container) ops.Reading[[]ops.Container] {
	for i := range list {
		list[i].Ref = ops.NewRef(ops.KindContainer, source, list[i].Name.String())
	}
	return ops.Reading[[]ops.Container]{Source: ops.Clean(source), State: ops.SourceOK, At: fixture.Now, Value: list}
}

func TestAProjectOnTwoHostsIsTwo(t *testing.T) {
	web := ops.Container{Name: ops.Lit("web"), Project: ops.Lit("shop"), State: ops.ContainerRunning}
	down := ops.Container{Name: ops.Lit("web"), Project: ops.Lit("shop"), State: ops.ContainerExited}
	table := report.Containers(ops.Board{Containers: []ops.Reading[[]ops.Container]{containersOf("near", web), containersOf("far", down)}}, fixture.Now)
	if table.Groups["shop on near"] != "1/1 running" || table.Groups["shop on far"] != "0/1 running" {
		t.Errorf("%v", table.Groups)
	}
	table = report.Containers(ops.Board{Containers: []ops.Reading[[]ops.Container]{containersOf("near", web)}}, fixture.Now)
	if table.Groups["shop"] != "1/1 running" {
		t.Errorf("one host: %v", table.Groups)
	}
}

func TestRestartsTellHowFastTheyCome(t *testing.T) {
	deaths := func(asked bool, ages ...time.Duration) []ops.ExitEvent {
		var out []ops.ExitEvent
		for _, a := range ages {
			out = append(out, ops.ExitEvent{At: fixture.Now.Add(-a), Requested: asked})
		}
		return out
	}
	for want, d := range map[string][]ops.ExitEvent{
		"7 3/10m": deaths(false, time.Minute, 2*time.Minute, 9*time.Minute, 20*time.Minute),
		"7":       deaths(false, time.Minute, 20*time.Minute),
	} {
		c := ops.Container{Name: ops.Lit("web"), State: ops.ContainerRunning, Restarts: 7, ExitEvents: append(d, deaths(true, time.Second, time.Second)...)}
		table := report.Containers(ops.Board{Containers: []ops.Reading[[]ops.Container]{containersOf("docker", c)}}, fixture.Now)
		cell := ""
		for i, col := range table.Columns {
			if col.Key == "restarts" {
				cell = table.Rows[0].Cells[i].Text
			}
		}
		if strings.TrimSpace(cell) != want {
			t.Errorf("%q, want %q", cell, want)
		}
	}
}

func TestAProjectIsCountedAsTheFrameCounts(t *testing.T) {
	loops := ops.Container{Name: ops.Lit("web"), Project: ops.Lit("shop"), State: ops.ContainerRunning, Expected: true, Looping: true}
	b := ops.Board{Containers: []ops.Reading[[]ops.Container]{containersOf("docker", loops)}}
	if words, n := report.Containers(b, fixture.Now).Groups["shop"], report.CountContainers(b, fixture.Now); words != "0/1 running" || n.Up != 0 {
		t.Errorf("a crash loop between two lives: %q, and the frame counts %d", words, n.Up)
	}
}
