package report

import (
	"io"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"opsdeck/ops"
)

// metrics are families in the making, in the order in which they were begun.
type metrics struct {
	all []*dto.MetricFamily
	at  map[string]*dto.MetricFamily
}

// add adds one gauge; labels are names and values in turn.
func (m *metrics) add(name, help string, v float64, labels ...string) {
	f := m.at[name]
	if f == nil {
		f = &dto.MetricFamily{Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum()}
		m.at[name], m.all = f, append(m.all, f)
	}
	one := &dto.Metric{Gauge: &dto.Gauge{Value: &v}}
	for pair := range slices.Chunk(labels, 2) {
		one.Label = append(one.Label, &dto.LabelPair{Name: &pair[0], Value: &pair[1]})
	}
	f.Metric = append(f.Metric, one)
}

// WriteMetrics writes what Prometheus scrapes: how the agent, its sources and the backups
// stand. Of what is not known, or not known now, there is no figure but that.
func WriteMetrics(w io.Writer, b ops.Board, now time.Time) error {
	m := &metrics{at: map[string]*dto.MetricFamily{}}
	a := b.Estate.Agent
	m.add("opsdeck_agent_started_timestamp_seconds", "When the agent started.", float64(a.Started.Unix()), "version", a.Version.String())
	m.add("opsdeck_agent_history_ok", "Whether the agent can write its history.", one(a.History.Empty()))
	for _, s := range b.Sources {
		m.add("opsdeck_source_up", "Whether the source was read by the last poll.", one(s.State == ops.SourceOK), "source", s.Name.String(), "kind", s.Kind.String())
	}
	for _, r := range b.Backups {
		m.plan(r, now)
	}
	for _, f := range m.all {
		if _, err := expfmt.MetricFamilyToText(w, f); err != nil {
			return err
		}
	}
	return nil
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// plan adds how one plan stands.
func (m *metrics) plan(r ops.Reading[ops.Backups], now time.Time) {
	plan, v := r.Source.String(), r.Value
	m.add("opsdeck_backup_known", "Whether the plan was read by the last poll; where it is 0 there is no other figure of it.", one(r.Fresh()), "plan", plan)
	if !r.Fresh() {
		return
	}
	m.add("opsdeck_backup_level", "The worst of what is found of the plan: 0 ok or information, 1 warning, 2 critical, 3 unknown.", levelNumber(v.Verdict.Level), "plan", plan)
	m.add("opsdeck_backup_rpo_objective_seconds", "How much may be lost.", v.RPO.Seconds(), "plan", plan)
	if v.NotKnown.Empty() {
		m.add("opsdeck_backup_rpo_seconds", "How long what was written has been safe in no repository.", v.Risk(now).Seconds(), "plan", plan)
	}
	m.add("opsdeck_backup_stopped", "Whether the engine was told to do nothing.", one(v.Stopped), "plan", plan)
	for _, run := range v.Ran {
		m.add("opsdeck_backup_last_run_timestamp_seconds", "When the last job of the action ended that this agent ran, and how.", float64(run.Ended.Unix()), "plan", plan, "action", run.Action.String(), "state", run.State.String())
	}
	for _, repo := range v.Repositories {
		m.repository(plan, v, repo, now)
	}
}

func (m *metrics) repository(plan string, v ops.Backups, repo ops.Repository, now time.Time) {
	of := []string{"plan", plan, "repository", repo.Name.String()}
	m.add("opsdeck_backup_repository_up", "Whether the repository can be read.", one(repo.Fault.Empty()), of...)
	if !repo.Fault.Empty() {
		return
	}
	if repo.Unlisted.Empty() && !repo.WAL.At.IsZero() {
		passed := 0.
		for _, g := range repo.Recovery.Gaps {
			passed += one(g.Passed)
		}
		m.add("opsdeck_backup_wal_gaps", "Holes in the WAL that retention promises, as found in the listing, that no full backup has passed.", float64(len(repo.Recovery.Gaps)+repo.Recovery.MoreGaps)-passed, of...)
		m.add("opsdeck_backup_wal_gaps_passed", "Holes behind which a full backup can be restored, with everything since.", passed, of...)
	}
	for _, t := range []ops.BackupType{ops.BackupFull, ops.BackupDifferential, ops.BackupIncremental} {
		s, found := v.LastGood(repo.Key, t)
		if !found {
			continue
		}
		with := append(slices.Clone(of), "type", t.String())
		m.add("opsdeck_backup_last_good_age_seconds", "Since the newest backup ended that can be restored and counts as one of the type.", now.Sub(s.Ended).Seconds(), with...)
		if !s.Began.IsZero() {
			m.add("opsdeck_backup_last_good_duration_seconds", "How long that backup took.", s.Ended.Sub(s.Began).Seconds(), with...)
		}
		if s.Size.Known {
			m.add("opsdeck_backup_last_good_size_bytes", "The size of the database in that backup.", s.Size.Value, with...)
		}
		if s.Stored.Known {
			m.add("opsdeck_backup_last_good_stored_bytes", "What that backup added to the repository.", s.Stored.Value, with...)
		}
	}
	if d, verified := v.Verification(repo.Name); verified {
		m.add("opsdeck_backup_verified_timestamp_seconds", "When the last verify came to its end.", float64(d.Ended.Unix()), of...)
		m.add("opsdeck_backup_damaged", "Whether it found damage that is still there.", one(!repo.Damage.Empty()), of...)
	}
	m.add("opsdeck_backup_unusable", "Backups that cannot be restored.", float64(v.Unusable(repo.Key)), of...)
}
