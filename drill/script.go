package drill

import (
	"cmp"
	_ "embed" // the procedure
	"regexp"
	"strings"
	"text/template"
	"time"

	"opsdeck/ops"
)

//go:embed script.sh.tmpl
var scriptText string

// Paper is what a written procedure tells besides what it does.
type Paper struct {
	Plan, Engine, Repository string
	Who                      string   // as whom and where it is run
	Way, Keys                []string // what leads to the target; where each key is kept
	Seen, Now                time.Time
}

// Script writes a restore as a procedure for bash that needs nothing of ours: the same steps
// and checks as Copy has.
func Script(o CopyOrder, p Paper) (string, error) {
	if err := o.check(); err != nil {
		return "", err
	}
	if _, err := ops.Argv(append([]string{o.To, o.Account, o.Programs, o.Preload, p.Plan, p.Engine, p.Repository, p.Who}, append(append([]string{}, p.Way...), p.Keys...)...)...); err != nil {
		return "", err
	}
	if f := o.Folder; f != nil {
		if _, err := ops.Argv(append([]string{f.Backup}, f.WAL...)...); err != nil {
			return "", err
		}
	}
	procedure, err := template.New("restore.sh").Funcs(template.FuncMap{"q": func(s string) string { return ops.ShellLine(s).String() }}).Parse(scriptText)
	if err != nil {
		return "", err
	}
	s := scratch{dir: o.To}
	settings, rules := o.settings(s)
	data := map[string]any{
		"Plan": p.Plan, "Engine": p.Engine, "Repository": p.Repository, "Who": p.Who, "Way": p.Way, "Keys": p.Keys, "Seen": ops.Stamp(p.Seen), "Now": ops.Stamp(p.Now),
		"Target": o.Target.Words(), "Set": o.Set, "To": o.To, "Port": cmp.Or(o.Port, usualPort), "Listens": o.Port > 0, "Account": o.Account, "Programs": o.Programs,
		"Need": Need(o.Bytes), "Cluster": o.Cluster, "Restore": o.rebuildLine(), "Rules": strings.Split(strings.TrimSpace(rules), "\n"), "Settings": settings, "Reach": o.Reach.LSN.String(), "Along": o.Reach.Timeline, "Latest": o.Target.Kind == ops.RestoreLatest,
		"Past": past(o.Target), "Stops": stopWords(o.Target), "Promote": o.Promote, "After": becoming(o.To),
	}
	if f := o.Folder; f != nil {
		data["Folder"], data["Recovery"], data["Signal"] = f.Backup, strings.Split(strings.TrimSpace(f.recovery(o.Target)), "\n"), signalOf(o.Target)
		data["Restore"] = ops.ShellLine(CopyWords(f.Backup, s.data())...).String()
	}
	var out strings.Builder
	err = procedure.Execute(&out, data)
	return out.String(), err
}

// rebuildLine is the call of the engine as a shell reads it.
func (o CopyOrder) rebuildLine() string {
	return ops.ShellLine(append(append([]string{}, o.Restore...), RebuildWords(o.To, o.Key, o.Set, TargetWords(o.Target))...)...).String()
}

// past asks whether the copy has a transaction after the time that it was to go to.
func past(t ops.RestoreTarget) string {
	if t.Kind != ops.RestoreTime {
		return "false"
	}
	than := ">"
	if t.Exclusive {
		than = ">="
	}
	return "coalesce(pg_last_xact_replay_timestamp() " + than + " $$" + t.Value() + "$$, false)"
}

// stopWords is a pattern, as grep -E takes it, of what a server says that has come to its
// target.
func stopWords(t ops.RestoreTarget) string {
	switch t.Kind {
	case ops.RestoreTime:
		return "LOG:  recovery stopping before (commit|abort)"
	case ops.RestoreLSN:
		return "LOG:  recovery stopping (before|after) WAL location"
	case ops.RestoreName:
		return `LOG:  recovery stopping at restore point "` + regexp.QuoteMeta(t.Name.String()) + `", time`
	}
	return "LOG:  recovery stopping after reaching consistency"
}
