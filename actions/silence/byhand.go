package silence

import (
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"opsdeck/ops"
)

const byHandIs = "by hand: "

// byHand is a note that shows the same as one line for a shell. It is not run:
// it is for copying, and so quoted that pasting it runs amtool and nothing else.
func byHand(url ops.Text, words ...string) ops.Text {
	argv, err := ops.Argv(append(words, "--alertmanager.url="+url.String())...)
	line, whole := ops.Exact(byHandIs + ops.Step{How: ops.StepExec, Argv: argv}.Text().String())
	if err != nil || !whole {
		// A line that is cut somewhere must not look as if it could be pasted.
		return ops.Lit("by hand: the line would be too long")
	}
	return line
}

// addLine is the amtool call that makes the same silence.
func (w intent) addLine() []string {
	words := []string{"amtool", "silence", "add"}
	for _, m := range w.matchers {
		words = append(words, m.Name.String()+m.Op.String()+escaped(m.Value.String()))
	}
	if w.from.IsZero() {
		words = append(words, "--duration="+model.Duration(w.lasts).String())
	} else {
		words = append(words, "--start="+w.from.Format(time.RFC3339), "--end="+w.from.Add(w.lasts).Format(time.RFC3339))
	}
	return append(words, "--comment="+w.comment.String())
}

// escaped writes a value as amtool reads it: it knows no escapes but these.
func escaped(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
