package tui

import (
	"opsdeck/ops"
	"opsdeck/report"
)

// actionAckMark acks what happened to a container.
const actionAckMark = "container.ack"

// ackMarks takes what happened to containers and nobody has acked yet. A Ref that
// names containers as a whole stands for those that have waited too long.
func ackMarks(b ops.Board, refs []ops.Ref) intent {
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
		return intent{kind: intentSay, text: said}
	}
	return intent{kind: intentAct, action: actionAckMark, refs: free}
}

// ackFinding acks what a line of the Overview is about.
func ackFinding(b ops.Board, r report.Row) intent {
	if r.Ref.Kind == ops.KindAlert {
		return intent{kind: intentSay, text: "open the alert (enter) to ack it"}
	}
	return ackMarks(b, []ops.Ref{r.Ref})
}
