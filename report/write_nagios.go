package report

import (
	"fmt"
	"strings"

	"opsdeck/ops"
)

// asNagios writes one line: status word, verdict, and performance data. Figures
// of a source that is not fresh are U, which graphs show as a gap.
func asNagios(s Snapshot) string {
	word := map[int]string{ExitOK: "OK", ExitWarning: "WARNING", ExitCritical: "CRITICAL", ExitUnknown: "UNKNOWN"}[s.Exit()]
	_, said, _ := strings.Cut(s.Verdict, "  ")
	parts := append([]string{said}, s.Unknowns...)
	if len(s.Unknowns) > 0 && strings.HasPrefix(s.Unknowns[0], said) {
		parts = s.Unknowns
	}
	// | begins the performance data: in the text it would end it too early.
	text := strings.NewReplacer("|", "/", "\n", " ").Replace(join("; ", parts...))
	name := s.Estate
	if s.Simulated {
		name = join(" ", Simulated, name)
	}
	return fmt.Sprintf("OPSDECK %s - %s %s | %s\n", word, name, text, s.perfdata())
}

func (s Snapshot) perfdata() string {
	n := s.counts
	known := n.Fresh
	figure := func(name string, v int, known bool, most string) string {
		value := "U"
		if known {
			value = fmt.Sprint(v)
		}
		return fmt.Sprintf("%s=%s;;;0;%s", name, value, most)
	}
	out := []string{
		figure("containers_running", n.Up, known, fmt.Sprint(n.Expected)),
		figure("containers_missing", n.Missing, known, ""),
		figure("containers_unhealthy", n.Unhealthy, known, ""),
	}
	counts := map[ops.Rank]int{}
	for _, c := range s.firing {
		counts[c.rank] += c.n
	}
	for _, r := range []ops.Rank{ops.RankCritical, ops.RankHigh, ops.RankMedium, ops.RankInfo, ops.RankNone} {
		name := r.String()
		if r == ops.RankNone {
			name = "unranked"
		}
		out = append(out, figure("alerts_"+name, counts[r], s.alertsFresh, ""))
	}
	paging := s.alertsFresh && s.tally.unknown == 0
	out = append(out, figure("alerts_acked", s.tally.acked, s.alertsFresh, ""),
		figure("alerts_silenced", s.tally.paging[ops.PagingSilenced]+s.tally.paging[ops.PagingInhibited], paging, ""),
		figure("alerts_muted", s.tally.paging[ops.PagingMuted], paging, ""), figure("alerts_not_paged", s.tally.unpaged, paging, ""))
	out = append(out, figure("sources_fresh", s.sources[0], true, fmt.Sprint(s.sources[1])))
	return strings.Join(out, " ")
}
