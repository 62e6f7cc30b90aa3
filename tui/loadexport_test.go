package tui

import (
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

// exporting is a rig whose console keeps what it writes, and never twice under a name.
func exporting() (*rig, map[string]string) {
	r, files := newRig(fixture.Loaded(), "none"), map[string]string{}
	r.m.o.Save = func(name string, text []byte) error {
		if _, there := files[name]; there {
			return ops.Errorf(ops.CodeInvalid, "%s is there already", ops.Clean(name)).Help("take another name")
		}
		files[name] = string(text)
		return nil
	}
	return r, files
}

func TestAKeptRunIsWrittenAsTheEndOfItsFileSays(t *testing.T) {
	all := fixture.Loaded().Loads.Kept
	for walk, run := range map[string]int{"6 down down": 0, "6 down down enter": 0, "6 down down down": 1, "6 down down down down down enter": 3} {
		for _, format := range []string{"csv", "json", "md"} {
			r, files := exporting()
			r.press(strings.Fields(walk)...)
			r.press("e")
			number := all[run].Ref.ID.String()
			r.wants(t, "write to: run-"+number+".csv")
			if len(files) > 0 {
				t.Errorf("%s: before enter it wrote %v", walk, files)
			}
			r.press("backspace", "backspace", "backspace")
			r.typed(format)
			r.press("enter")
			var want strings.Builder
			if err := report.LoadRun(&want, *fixture.Reported(all[run], ops.Text{}, all), format); err != nil {
				t.Fatal(err)
			}
			name := "run-" + number + "." + format
			if len(files) != 1 || files[name] != want.String() {
				t.Errorf("%s: %s is not what opsdeck load export writes: %d files", walk, name, len(files))
			}
			r.wants(t, "run "+number+" is written to "+name)
		}
	}
}

func TestAnExportTakesNothingsPlaceAndSaysWhyItWroteNothing(t *testing.T) {
	r, files := exporting()
	files["run-31.csv"] = "mine"
	r.press("6", "down", "down", "e", "enter")
	if files["run-31.csv"] != "mine" || len(files) != 1 {
		t.Errorf("written: %v", files)
	}
	r.wants(t, "write to: run-31.csv") // to be changed
	r.press("2", "enter")              // run-31.csv2
	if len(files) != 1 {
		t.Errorf("written as nobody knows what: %v", files)
	}
	r.press("esc")
	r.wants(t, `no format "csv2"`)
	r.press("home", "e")
	r.wants(t, "select a kept run")
	r.lacks(t, "write to:")

	gated := newRig(fixture.Loaded(), "none")
	gated.press("6", "down", "down", "e")
	gated.wants(t, "this console writes no files: opsdeck load export 31 prints the run")
}

func TestAnExportIsLeftWithoutAFile(t *testing.T) {
	r, files := exporting()
	r.press("6", "down", "down", "e", "x", "esc")
	if len(files) > 0 || r.m.over != nil {
		t.Errorf("written: %v", files)
	}
}
