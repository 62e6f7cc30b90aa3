package estate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"opsdeck/ops"
)

// Hash returns a hash of the effective estate, so that a console can see that
// its agent runs another one. The order of map entries and the files it came
// from do not matter. Secrets are left out: a hash is shown, and could be
// guessed against.
func Hash(f File) ops.Text {
	f.Paths = nil
	f.Prometheus, f.Docker = slices.Clone(f.Prometheus), slices.Clone(f.Docker)
	slices.SortFunc(f.Prometheus, func(a, b Prometheus) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(f.Docker, func(a, b Docker) int { return cmp.Compare(a.Name, b.Name) })
	e := &f.Estate
	e.Ranks, e.Expected = slices.Clone(e.Ranks), slices.Clone(e.Expected)
	slices.SortFunc(e.Ranks, func(a, b ops.SeverityRank) int { return cmp.Compare(a.Name.String(), b.Name.String()) })
	slices.SortFunc(e.Expected, func(a, b ops.Expected) int { return cmp.Compare(a.Name.String(), b.Name.String()) })
	for i := range f.Prometheus {
		// The library hides its secrets when it marshals, but not a proxy's password.
		if u := f.Prometheus[i].HTTP.ProxyURL.URL; u != nil {
			without := *u
			without.User = nil
			f.Prometheus[i].HTTP.ProxyURL.URL = &without
		}
	}
	text, err := json.Marshal(f)
	if err != nil {
		return ops.Clean("unknown") // nothing in a File can fail to marshal
	}
	sum := sha256.Sum256(text)
	return ops.Clean(hex.EncodeToString(sum[:8]))
}
