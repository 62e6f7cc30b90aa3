package report_test

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

// judgedContainers is a board of one daemon with these, as the product judges them.
func judgedContainers(list ...ops.Container) ops.Board {
	b := fixture.Good()
	b.Containers = ops.Readings[[]ops.Container]{containersOf("docker", list...)}
	return fixture.Judged(b)
}

// containerCells is a container's cells by their columns.
func containerCells(t *testing.T, b ops.Board, name string) map[string]string {
	t.Helper()
	table := report.Containers(b, fixture.Now)
	for _, r := range table.Rows {
		if r.Cells[0].Text != name {
			continue
		}
		cells := map[string]string{"group": r.Group, "level": r.Level.String()}
		for i, col := range table.Columns {
			cells[col.Key] = r.Cells[i].Text
		}
		return cells
	}
	t.Fatalf("no row of %s in %v", name, table.Rows)
	return nil
}

func TestWhatAContainerIsForIsReadWhereItEnds(t *testing.T) {
	ended := func(name string, duty ops.ContainerDuty, code int) ops.Container {
		return ops.Container{Name: ops.Clean(name), State: ops.ContainerExited, Expected: true, Duty: duty, Exit: ops.Exit{Known: true, Code: code}, Finished: fixture.Now.Add(-time.Minute)}
	}
	b := judgedContainers(ended("service", ops.DutyService, 0), ended("job", ops.DutyJob, 0), ended("failed", ops.DutyJob, 1), ended("optional", ops.DutyOptional, 0))
	for name, bad := range map[string]bool{"service": true, "job": false, "failed": true, "optional": false} {
		row := containerCells(t, b, name)
		if isBad := row["level"] == "critical" || row["level"] == "warning"; isBad != bad {
			t.Errorf("%s: %v", name, row)
		}
		found := strings.Contains(tableText(report.Overview(b, fixture.Now, report.Shown{})), name+" ")
		if found != bad {
			t.Errorf("%s: on the Overview is %v", name, found)
		}
	}
	if n := report.CountContainers(b, fixture.Now); n.Expected != 1 || n.Up != 0 {
		t.Errorf("only the service ought to run: %+v", n)
	}
}

func TestWhatIsNotOfTheEstateStandsApartAndCountsNowhere(t *testing.T) {
	own := ops.Container{Name: ops.Lit("web"), Project: ops.Lit("shop"), State: ops.ContainerRunning, Expected: true}
	stranger := ops.Container{Name: ops.Lit("neighbour"), Project: ops.Lit("other"), State: ops.ContainerExited, Foreign: true, Exit: ops.Exit{Known: true, Code: 137}}
	b := judgedContainers(own, stranger)
	if row := containerCells(t, b, "neighbour"); row["group"] != "not of this estate" {
		t.Errorf("%v", row)
	}
	if n := report.CountContainers(b, fixture.Now); n.Found != 1 || n.Running != 1 || n.Level.Bad() {
		t.Errorf("%+v", n)
	}
	if text := tableText(report.Overview(b, fixture.Now, report.Shown{})); strings.Contains(text, "neighbour") {
		t.Errorf("a stranger is on the Overview:\n%s", text)
	}
}

func TestAProcessThatTheKernelKilledIsNamedWhileItsContainerRuns(t *testing.T) {
	c := ops.Container{Name: ops.Lit("web"), State: ops.ContainerRunning, Expected: true, Started: fixture.Now.Add(-time.Hour), OOMKills: []time.Time{fixture.Now.Add(-time.Minute)}}
	c.Latch = ops.Latch{OOMKills: 1, LastOOM: fixture.Now.Add(-time.Minute)}
	b := judgedContainers(c)
	row := containerCells(t, b, "web")
	if row["state"] != "lost a process" || !strings.Contains(row["cause"], "memory") {
		t.Errorf("%v", row)
	}
	if text := tableText(report.Overview(b, fixture.Now, report.Shown{})); !strings.Contains(text, "web") || !strings.Contains(text, "memory") {
		t.Errorf("not on the Overview:\n%s", text)
	}
}

// tableText is a table's cells, a row a line.
func tableText(t report.Table) string {
	var b strings.Builder
	for _, r := range t.Rows {
		for _, c := range r.Cells {
			b.WriteString(c.Text + " ")
		}
		b.WriteString("\n")
	}
	return b.String()
}
