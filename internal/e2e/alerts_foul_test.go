//go:build lab

package e2e

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// crowd is a number of labels that no system has. Alertmanager itself takes seconds to
// answer with five times as many where the machine is busy; the test of the package
// that reads its answers goes that far.
const crowd = 20_000

// TestHostileRunbooksAndHistory shows the pages that keep such text, or render it.
func TestHostileRunbooksAndHistory(t *testing.T) {
	whole(t)
	name := raise(t, raised{Labels: map[string]string{"severity": "critical", "service": hostile}, Annotations: map[string]string{"summary": hostile}})
	silenced(t, name, hostile)
	w := newWorld(t, fmt.Sprintf("runbooks: {proof: {file: proof.md, alert: %s}}", name))
	// A file can hold what no API lets through: bytes that are no UTF-8.
	w.write(filepath.Join(w.dir, "proof.md"), []byte("# proof "+hostile+"\n\nbytes \xff\xc3\x28\x9b31m\xe2\x80 end\n\n```\n"+hostile+
		"\n```\n\n| a | b |\n|---|---|\n| "+hostile+" | x |\n\n&#27;[31m &lt;b&gt; [link](\x1b]8;;http://evil\x07javascript:x)\n\n- last line of the runbook\n"))
	s := w.console()
	s.tall()
	s.answered("prometheus ok", "alertmanager ok", name)
	s.keys("2")
	s.filter(name)
	s.until(`(?m)^>.*` + name)
	s.keys("r")
	s.until(`proof(?s:.*)bytes`)
	s.pure("the runbook's beginning")
	s.keys("G")
	s.until(`last line of the runbook`)
	s.pure("the runbook's end")
	s.back(`(?m)^>.*` + name)
	s.keys("a")
	s.until(`(?i)note`)
	s.pure("the dialog of ack")
	s.back(`(?m)^>.*` + name)
	w.want(0, `done: note`, "run", "estate.note", "estate:/", "-p", "text="+hostile)
	s.keys("0")
	s.until(`(?m)note .*proof`)
	s.pure("history")
	for _, args := range [][]string{{"history"}, {"history", "-o", "json"}, {"handover"}} {
		r := w.run(args...)
		if text := r.out + r.err; foul(text) != "" {
			t.Errorf("%q holds %s:\n%.3000s", args, foul(text), text)
		}
	}
}

// TestACrowdOfLabelsIsReadAndShown gives one alert a crowd of labels.
func TestACrowdOfLabelsIsReadAndShown(t *testing.T) {
	whole(t)
	labels := map[string]string{"severity": "critical"}
	for i := range crowd {
		labels[fmt.Sprintf("l%06d", i)] = fmt.Sprintf("v%d", i)
	}
	name := raise(t, raised{Labels: labels, Annotations: map[string]string{"summary": "a crowd"}})
	w := newWorld(t)
	s := w.console()
	s.tall()
	s.answered("prometheus ok", "alertmanager ok", name)
	s.keys("2")
	s.filter(name)
	s.until(`(?m)^>.*` + name)
	s.keys("Enter")
	s.until(`a crowd(?s:.*)paging`)
	s.pure("triage")
	// A key is still answered at once.
	began := time.Now()
	s.back(`(?m)^>.*` + name)
	t.Logf("from the crowd back to the list: %s", time.Since(began).Round(time.Millisecond))
}
