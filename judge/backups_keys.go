package judge

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// inAStore are the places that ask for keys, and onThisHost the words for keys that are
// lost with the host: a path has no other host in it.
var (
	inAStore   = regexp.MustCompile(`(?i)^(s3|gs|gcs|azure|az|https?)://`)
	onThisHost = regexp.MustCompile(`(?i)^/|\b(this|the same) (host|machine|server)\b|\blocalhost\b`)
)

// keys finds repositories that cannot be read without a key which is nowhere but on the host
// that a restore is needed for.
func (j *backupJudge) keys() {
	for i := range j.v.Repositories {
		r := &j.v.Repositories[i]
		at := slices.IndexFunc(j.plan.Repositories, func(p ops.RepositoryPlan) bool { return p.Key == r.Key })
		if at < 0 || !r.Fault.Empty() || r.Read.IsZero() && !r.Cipher {
			continue
		}
		var needs []string
		if r.Cipher {
			needs = append(needs, "it is encrypted, and nothing of it can be read without its cipher pass")
		}
		if inAStore.MatchString(r.Where.String()) {
			needs = append(needs, "its store asks for keys")
		}
		kept := j.plan.Repositories[at].Keys
		if len(needs) == 0 || !kept.Empty() && !onThisHost.MatchString(kept.String()) {
			continue
		}
		says := "and the estate names no place for them but the engine's host"
		if !kept.Empty() {
			says = "and the estate says that they are in " + kept.String() + ", which is lost with this host"
		}
		j.find(ops.LevelWarning, ops.Textf("the keys of %s", r.Name), ops.Textf("the keys of %s may be on this host only", r.Name), ops.Textf("%s, %s", strings.Join(needs, "; "), says), time.Time{},
			ops.Next{What: ops.Textf("keep a copy of its keys where this host's end does not reach it, name that place in the estate (backups.%s.repositories.%s.keys), and try it by a drill from there", j.plan.Name, r.Name)})
	}
}
