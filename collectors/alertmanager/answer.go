package alertmanager

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// The answers' own shapes. Fields that a version does not send stay zero, ones we
// do not know are skipped, and ones of another type than meant are left out.
type alertAnswer struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	Fingerprint  string            `json:"fingerprint"`
	StartsAt     string            `json:"startsAt"`
	UpdatedAt    string            `json:"updatedAt"`
	GeneratorURL string            `json:"generatorURL"`
	Receivers    []nameAnswer      `json:"receivers"`
	Status       struct {
		State       string   `json:"state"`
		SilencedBy  []string `json:"silencedBy"`
		InhibitedBy []string `json:"inhibitedBy"`
		MutedBy     []string `json:"mutedBy"`
	} `json:"status"`
}

type nameAnswer struct {
	Name string `json:"name"`
}

type silenceAnswer struct {
	ID        string          `json:"id"`
	Matchers  []matcherAnswer `json:"matchers"`
	StartsAt  string          `json:"startsAt"`
	EndsAt    string          `json:"endsAt"`
	UpdatedAt string          `json:"updatedAt"`
	CreatedBy string          `json:"createdBy"`
	Comment   string          `json:"comment"`
	Status    struct {
		State string `json:"state"`
	} `json:"status"`
}

type matcherAnswer struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual *bool  `json:"isEqual"` // absent before 0.22: true
}

type statusAnswer struct {
	Config struct {
		Original string `json:"original"`
	} `json:"config"`
	Cluster struct {
		Status string       `json:"status"` // ready, settling, disabled
		Peers  []nameAnswer `json:"peers"`  // with itself
	} `json:"cluster"`
	VersionInfo struct {
		Version string `json:"version"`
	} `json:"versionInfo"`
	Uptime string `json:"uptime"` // when it started
}

// seenSilence is a silence with what only its merging needs.
type seenSilence struct {
	ops.Silence
	updated time.Time
}

// alertReader makes alerts of an answer as it comes.
type alertReader struct {
	word, prose, expr func(string) ops.Text // people write prose
	one               alertAnswer           // the one that is read now
	all               httpsource.Pile[ops.AlertmanagerAlert]
	more              int  // beyond what is kept
	tellsMuting       bool // the server can say that a time interval mutes an alert
}

func newAlertReader() *alertReader {
	return &alertReader{word: httpsource.Once(ops.Clean), prose: httpsource.Once(ops.CleanMasked), expr: httpsource.Once(expression)}
}

// next is where the next alert is read into, nil where it is too much. Its maps are those of the one before.
func (r *alertReader) next() any {
	if r.all.Len() == httpsource.AlertsMost {
		r.more++
		return nil
	}
	a := &r.one
	clear(a.Labels)
	clear(a.Annotations)
	*a = alertAnswer{Labels: a.Labels, Annotations: a.Annotations}
	return a
}

// take keeps what was read.
func (r *alertReader) take() {
	a := &r.one
	n := ops.AlertmanagerAlert{
		Fingerprint: ops.Clean(a.Fingerprint),
		Labels:      httpsource.Labels(a.Labels, r.word),
		Summary:     r.prose(a.Annotations["summary"]),
		Description: r.prose(cmp.Or(a.Annotations["description"], a.Annotations["message"])),
		Runbook:     r.prose(cmp.Or(a.Annotations["runbook_url"], a.Annotations["runbook"])),
		Expr:        r.expr(a.GeneratorURL),
		Starts:      instant(a.StartsAt),
		Paging:      pagingOf(a),
	}
	if n.Fingerprint.Empty() {
		n.Fingerprint = httpsource.Fingerprint(a.Labels)
	}
	for _, to := range a.Receivers[:min(len(a.Receivers), listMost)] {
		n.Paging.Receivers = append(n.Paging.Receivers, r.word(to.Name))
	}
	r.tellsMuting = r.tellsMuting || a.Status.MutedBy != nil
	r.all.Add(n)
}

// expression takes the expression out of a generatorURL. The rest of it names a
// host as that host calls itself, and may carry a password: it is dropped.
func expression(generatorURL string) ops.Text {
	_, query, found := strings.Cut(generatorURL, "?")
	if !found {
		return ops.Text{}
	}
	query, _, _ = strings.Cut(query, "#")
	values, _ := url.ParseQuery(query) // what is readable of it
	return ops.Clean(values.Get("g0.expr"))
}

// pagingOf names how an alert stands. One that is both silenced and inhibited is
// called silenced: that is what a person did and can undo; both lists are kept.
func pagingOf(a *alertAnswer) ops.Paging {
	p := ops.Paging{
		Updated:    instant(a.UpdatedAt),
		SilencedBy: texts(a.Status.SilencedBy), InhibitedBy: texts(a.Status.InhibitedBy), MutedBy: texts(a.Status.MutedBy),
	}
	switch {
	case len(p.SilencedBy) > 0:
		p.State = ops.PagingSilenced
	case len(p.InhibitedBy) > 0:
		p.State = ops.PagingInhibited
	case len(p.MutedBy) > 0, a.Status.State == "suppressed":
		p.State = ops.PagingMuted
	case a.Status.State == "active":
		p.State = ops.PagingActive
	case a.Status.State == "unprocessed":
		p.State = ops.PagingUnprocessed
	}
	return p
}

// listMost bounds how many silences or alerts are named as the cause of one.
const listMost = 100

func texts(in []string) []ops.Text {
	if len(in) == 0 {
		return nil
	}
	out := make([]ops.Text, 0, min(len(in), listMost))
	for _, s := range in[:min(len(in), listMost)] {
		out = append(out, ops.Clean(s))
	}
	return out
}

func silenceOf(s *silenceAnswer) seenSilence {
	state := ops.SilenceUnknown
	if state.UnmarshalText([]byte(s.Status.State)) != nil {
		state = ops.SilenceUnknown
	}
	made := seenSilence{
		Silence: ops.Silence{
			Ref: ops.NewRef(ops.KindSilence, "", s.ID), State: state,
			Starts: instant(s.StartsAt), Ends: instant(s.EndsAt),
			By: ops.CleanMasked(s.CreatedBy), Comment: ops.CleanMasked(s.Comment), Purpose: purposeOf(s.Comment),
		},
		updated: instant(s.UpdatedAt),
	}
	for _, m := range s.Matchers[:min(len(s.Matchers), listMost)] {
		made.Matchers = append(made.Matchers, ops.Matcher{Name: ops.Clean(m.Name), Op: m.op(), Value: ops.Clean(m.Value)})
	}
	return made
}

func (m matcherAnswer) op() ops.MatchOp {
	equal := m.IsEqual == nil || *m.IsEqual
	switch {
	case equal && m.IsRegex:
		return ops.MatchRegexp
	case equal:
		return ops.MatchEqual
	case m.IsRegex:
		return ops.MatchNotRegexp
	}
	return ops.MatchNotEqual
}

// purposeOf reads the prefix that says what a silence is for.
func purposeOf(comment string) ops.Purpose {
	switch {
	case strings.HasPrefix(comment, "ACK!"):
		return ops.PurposeAck
	case strings.HasPrefix(comment, "MAINTENANCE"):
		return ops.PurposeMaintenance
	}
	return ops.PurposeSilence
}

// instant reads a time of the API; zero where there is none.
func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t.UTC()
}
