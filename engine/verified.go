package engine

import (
	"time"

	"opsdeck/ops"
)

// noteVerification remembers what the last verify of a plan's repository found, over
// restarts, and judges by it what can be restored.
func (p *picture) noteVerification(plan string, v ops.Verification) {
	all, newer := newest(p.verified[plan], v, p.now(), func(o ops.Verification) (ops.Text, time.Time) { return o.Repository, o.Ended })
	if !newer {
		return
	}
	p.verified[plan] = all
	p.unsaved[keptVerified] = true
	for _, r := range p.board.Backups {
		if r.Known() && r.Source.String() == plan {
			p.setBackups(r.Source, r.Value)
		}
	}
}

func restoreVerified(p *picture, kept map[string][]ops.Verification) {
	for plan, all := range kept {
		for _, v := range all {
			p.noteVerification(plan, v)
		}
	}
}
