package silence

import (
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"opsdeck/ops"
)

// byHand is the step that shows the same as one line for a shell. It is not run:
// it is for copying, and so quoted that pasting it runs amtool and nothing else.
const byHand = "by hand: "

func handStep(url ops.Text, words ...string) ops.Step {
	line := strings.Join(append(words, "--alertmanager.url="+quoted(url.String())), " ")
	if len(line) > stepMost {
		// A line that is cut somewhere must not look as if it could be pasted.
		return ops.Step{How: ops.StepAPI, What: ops.Clean(byHand + "the line would be too long")}
	}
	return ops.Step{How: ops.StepAPI, What: ops.CleanLine(byHand + line)}
}

// addLine is the amtool call that makes the same silence.
func (w wish) addLine() []string {
	words := []string{"amtool", "silence", "add"}
	for _, m := range w.matchers {
		words = append(words, quoted(m.Name.String()+m.Op.String()+escaped(m.Value.String())))
	}
	if w.from.IsZero() {
		words = append(words, "--duration="+model.Duration(w.lasts).String())
	} else {
		words = append(words, "--start="+w.from.Format(time.RFC3339), "--end="+w.from.Add(w.lasts).Format(time.RFC3339))
	}
	return append(words, "--comment="+quoted(w.comment.String()))
}

// escaped writes a value as amtool reads it: it knows no escapes but these.
func escaped(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// quoted writes one word for a POSIX shell. Text has no line ends and no control
// characters, so single quotes hold everything in.
func quoted(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
