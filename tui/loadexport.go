package tui

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/dialog"
)

// exportTimeout is how long a whole run may take to come: its series is long.
const exportTimeout = 30 * time.Second

// askExport asks for the file that a kept run is written to.
func (m *Model) askExport(ref ops.Ref) tea.Cmd {
	if m.o.Save == nil {
		m.say(report.ToneWarning, "this console writes no files: opsdeck load export "+ref.ID.String()+" prints the run")
		return m.nextTick()
	}
	m.over = newExport(m, ref, "run-"+ref.ID.String()+".csv")
	return nil
}

func newExport(m *Model, ref ops.Ref, name string) *dialog.Entry {
	return dialog.NewEntry(m.th, ref, "write to: ", "its end says as what: .csv .json .md  esc leave it", name)
}

// exportedMsg says what became of a run that was to be written to a file.
type exportedMsg struct {
	ref  ops.Ref
	name string
	err  error
}

// cmdExport writes a kept run to a new file, as opsdeck load export does. The end of its
// name says as what.
func (m *Model) cmdExport(ref ops.Ref, name string) tea.Cmd {
	save := m.o.Save
	return m.asking(exportTimeout, func(ctx context.Context, c ops.Console) tea.Msg {
		d, err := c.Detail(ctx, ref, 0)
		if err == nil && d.Load == nil {
			err = ops.Errorf(ops.CodeNotFound, "no load run %s is kept", ref.ID)
		}
		var text bytes.Buffer
		if err == nil {
			err = report.LoadRun(&text, *d.Load, strings.TrimPrefix(filepath.Ext(name), "."))
		}
		if err == nil {
			err = save(name, text.Bytes())
		}
		return exportedMsg{ref, name, err}
	})
}

// exported says what became of it. A name that could not be taken stands there again, to be
// changed.
func (m *Model) exported(msg exportedMsg) tea.Cmd {
	if msg.err == nil {
		m.say(report.ToneInfo, "run "+msg.ref.ID.String()+" is written to "+ops.Clean(msg.name).String())
		return m.nextTick()
	}
	e := ops.AsError(msg.err)
	m.say(report.ToneWarning, "not written: "+strings.TrimRight(e.What.String()+": "+e.Remedy.String(), ": "))
	if m.over == nil {
		m.over = newExport(m, msg.ref, msg.name)
	}
	return m.nextTick()
}
