package estate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/prometheus/common/config"

	"opsdeck/ops"
)

// Hash returns a hash of the effective estate, so that a console can see that
// its agent runs another one. The order of map entries and the files it came
// from do not matter. Secrets are left out: a hash is shown, and could be
// guessed against.
func Hash(f File) ops.Text {
	f.Paths = nil
	for _, k := range kinds() {
		k.sort(&f)
	}
	e := &f.Estate
	e.Ranks = sorted(e.Ranks, func(r ops.SeverityRank) string { return r.Name.String() })
	e.Expected = sorted(e.Expected, func(x ops.Expected) string { return x.Name.String() })
	e.Runbooks = sorted(e.Runbooks, func(r ops.Runbook) string { return r.Name.String() })
	f.KPIs = sorted(f.KPIs, func(k KPI) string { return k.Name })
	f.Backups = sorted(f.Backups, func(b Backup) string { return b.Name })
	e.Backups = sorted(e.Backups, func(p ops.BackupPlan) string { return p.Name.String() })
	f.Loads = sorted(f.Loads, func(s Scenario) string { return s.Plan.Name.String() })
	e.Loads = sorted(e.Loads, func(s ops.LoadScenario) string { return s.Name.String() })
	f.Pipelines = sorted(f.Pipelines, func(p Pipeline) string { return p.Name })
	for i := range f.Docker {
		o := &f.Docker[i].Only
		o.Labels = sorted(o.Labels, func(l ops.Label) string { return l.Name.String() })
	}
	for i := range f.Prometheus {
		hideLogins(&f.Prometheus[i].HTTP)
	}
	for i := range f.Postgres {
		p := &f.Postgres[i]
		p.Login = p.Login.hashed()
		if p.Actor != nil {
			actor := p.Actor.hashed()
			p.Actor = &actor
		}
	}
	for i := range f.Backups {
		if b := &f.Backups[i].Base; b.Login != nil {
			login := b.Login.hashed()
			b.Login = &login
		}
	}
	for i := range f.Loads {
		if l := &f.Loads[i].Loans; l.Login != nil {
			login := l.Login.hashed()
			l.Login = &login
		}
	}
	for i := range f.Alertmanager {
		a := &f.Alertmanager[i]
		a.Peers = sorted(a.Peers, func(p Peer) string { return p.Name })
		hideLogins(&a.HTTP)
	}
	text, err := json.Marshal(f)
	if err != nil {
		return ops.Lit("unknown") // nothing in a File can fail to marshal
	}
	sum := sha256.Sum256(text)
	return ops.Clean(hex.EncodeToString(sum[:8]))
}

// sorted returns a copy in the order of the names. The order of services says which of
// two an alert belongs to, so it stays and counts.
func sorted[T any](list []T, name func(T) string) []T {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b T) int { return strings.Compare(name(a), name(b)) })
	return list
}

// hideLogins takes the logins off the addresses of http settings: the library hides its
// secrets when it marshals, but not those.
func hideLogins(c *config.HTTPClientConfig) {
	if u := c.ProxyURL.URL; u != nil {
		without := *u
		without.User = nil
		c.ProxyURL.URL = &without
	}
	if c.OAuth2 != nil {
		o := *c.OAuth2
		if u, err := url.Parse(o.TokenURL); err == nil { // the check saw to that
			u.User, u.RawQuery = nil, ""
			o.TokenURL = u.String()
		}
		c.OAuth2 = &o
	}
}
