package tui

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/screen"
)

// actionAckMark acks what happened to a container.
const actionAckMark = "container.ack"

// ackMarks takes what happened to containers and nobody has acked yet. A Ref that
// names containers as a whole stands for those that have waited too long.
func ackMarks(b ops.Board, refs []ops.Ref) screen.Intent {
	var free []ops.Ref
	said := "only alerts and containers are acked"
	for _, r := range b.Containers {
		for _, c := range r.Value {
			for _, ref := range refs {
				whole := ref.Kind == ops.KindContainer && ref.ID.Empty()
				switch {
				case whole && c.Latch.Late, ref == c.Ref && !c.Latch.Empty() && !c.Latch.Acked():
					free = append(free, c.Ref)
				case ref == c.Ref && c.Latch.Acked():
					said = c.Latch.Ack.By.String() + " acked what happened to " + c.Name.String() + " already"
				case ref == c.Ref:
					said = "nothing is marked on " + c.Name.String()
				case whole:
					said = "nothing waits for an ack"
				}
			}
		}
	}
	if len(free) == 0 {
		return screen.Intent{Kind: screen.IntentSay, Text: said}
	}
	return screen.Intent{Kind: screen.IntentAct, Action: actionAckMark, Refs: free}
}

// ackFinding acks what a line of the Overview is about.
func ackFinding(b ops.Board, r report.Row) screen.Intent {
	if r.Ref.Kind == ops.KindAlert {
		return screen.Intent{Kind: screen.IntentSay, Text: "open the alert (enter) to ack it"}
	}
	return ackMarks(b, []ops.Ref{r.Ref})
}
