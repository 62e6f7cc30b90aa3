package tui

import (
	"opsdeck/ops"
	"opsdeck/report"
)

// actionAckMark acks what happened to a container.
const actionAckMark = "container.ack"

// ackMarks takes what happened to containers and nobody has acked yet. A Ref that
// names containers as a whole stands for those that have waited too long.
func ackMarks(b ops.Board, refs []ops.Ref) wish {
	var free []ops.Ref
	said := "only alerts and containers are acked"
	for _, r := range b.Containers {
		for _, c := range r.Value {
			for _, ref := range refs {
				whole := ref.Kind == ops.KindContainer && ref.ID.Empty()
				switch {
				case whole && c.Mark.Late, ref == c.Ref && !c.Mark.Empty() && !c.Mark.Acked():
					free = append(free, c.Ref)
				case ref == c.Ref && c.Mark.Acked():
					said = c.Mark.Ack.By.String() + " acked what happened to " + c.Name.String() + " already"
				case ref == c.Ref:
					said = "nothing is marked on " + c.Name.String()
				case whole:
					said = "nothing waits for an ack"
				}
			}
		}
	}
	if len(free) == 0 {
		return wish{kind: wishSay, text: said}
	}
	return wish{kind: wishAct, action: actionAckMark, refs: free}
}

// ackFinding acks what a line of the Overview is about.
func ackFinding(b ops.Board, r report.Row) wish {
	if r.Ref.Kind == ops.KindAlert {
		return wish{kind: wishSay, text: "open the alert (enter) to ack it"}
	}
	return ackMarks(b, []ops.Ref{r.Ref})
}
