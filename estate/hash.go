package estate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

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
	e.Ranks, e.Expected = slices.Clone(e.Ranks), slices.Clone(e.Expected)
	slices.SortFunc(e.Ranks, func(a, b ops.SeverityRank) int { return cmp.Compare(a.Name.String(), b.Name.String()) })
	slices.SortFunc(e.Expected, func(a, b ops.Expected) int { return cmp.Compare(a.Name.String(), b.Name.String()) })
	for i := range f.Prometheus {
		hideProxy(&f.Prometheus[i].HTTP)
	}
	sortWhatGrew(&f)
	text, err := json.Marshal(f)
	if err != nil {
		return ops.Lit("unknown") // nothing in a File can fail to marshal
	}
	sum := sha256.Sum256(text)
	return ops.Clean(hex.EncodeToString(sum[:8]))
}

// sortWhatGrew puts the rest of the maps in order. The order of services says
// which of two an alert belongs to, so it stays and counts.
func sortWhatGrew(f *File) {
	f.KPIs, f.Pipelines = slices.Clone(f.KPIs), slices.Clone(f.Pipelines)
	slices.SortFunc(f.KPIs, func(a, b KPI) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(f.Pipelines, func(a, b Pipeline) int { return cmp.Compare(a.Name, b.Name) })
	for i := range f.Alertmanager {
		a := &f.Alertmanager[i]
		a.Peers = slices.Clone(a.Peers)
		slices.SortFunc(a.Peers, func(a, b Peer) int { return cmp.Compare(a.Name, b.Name) })
		hideProxy(&a.HTTP)
	}
	e := &f.Estate
	e.Runbooks = slices.Clone(e.Runbooks)
	slices.SortFunc(e.Runbooks, func(a, b ops.Runbook) int { return cmp.Compare(a.Name.String(), b.Name.String()) })
}

// hideProxy takes the login off a proxy's address: the library hides its secrets
// when it marshals, but not that one.
func hideProxy(c *config.HTTPClientConfig) {
	if u := c.ProxyURL.URL; u != nil {
		without := *u
		without.User = nil
		c.ProxyURL.URL = &without
	}
}
