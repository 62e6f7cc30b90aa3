package judge

import (
	"slices"
	"testing"
	"time"

	"opsdeck/ops"
)

func labels(pairs ...string) []ops.Label {
	var ls []ops.Label
	for i := 0; i < len(pairs); i += 2 {
		ls = append(ls, ops.Label{Name: ops.Clean(pairs[i]), Value: ops.Clean(pairs[i+1])})
	}
	return ls
}

func rule(id string, ls []ops.Label) ops.Alert {
	return ops.Alert{Ref: ops.NewRef(ops.KindAlert, "prom", id), Name: ops.LabelOf(ls, "alertname"), Labels: ls, State: ops.AlertFiring, Fired: ago(time.Hour)}
}

// unreadable is an alert of a Prometheus whose configuration cannot be read.
func unreadable(id string, ls []ops.Label) ops.Alert {
	a := rule(id, ls)
	a.Sending, a.Own = ops.SendingUnknown, a.Ref.ID
	return a
}

func notified(id string, state ops.PagingState, ls []ops.Label) ops.AlertmanagerAlert {
	return ops.AlertmanagerAlert{Fingerprint: ops.Clean(id), Labels: ls, Starts: ago(time.Hour), Paging: ops.Paging{State: state, SilencedBy: []ops.Text{ops.Lit("s1")}}}
}

var prom, am = ops.Lit("prom"), ops.Lit("am")

func merge(e ops.Estate, rules []ops.Alert, ns []ops.AlertmanagerAlert) map[ops.Text][]ops.Alert {
	f := AlertFacts{Rules: map[ops.Text][]ops.Alert{prom: rules}, Acks: map[ops.Text]ops.Ack{ops.Lit("f1"): {By: ops.Lit("ana")}}}
	if ns != nil {
		f.AlertmanagerAlerts = map[ops.Text][]ops.AlertmanagerAlert{am: ns}
	}
	return Alerts(e, f)
}

func TestAlertsOfBothSourcesAreOnePicture(t *testing.T) {
	down, slow := labels("alertname", "Down", "service", "web"), labels("alertname", "Slow")
	got := merge(shop(), []ops.Alert{rule("f1", down), rule("f2", slow)}, []ops.AlertmanagerAlert{
		notified("f1", ops.PagingSilenced, down),
		notified("f9", ops.PagingActive, labels("alertname", "Foreign")),
	})
	if a := got[prom][0]; a.Paging.State != ops.PagingSilenced || a.Ack.By.String() != "ana" {
		t.Errorf("the same labels: %+v", a)
	}
	if a := got[prom][1]; a.Paging.State != ops.PagingAbsent || !a.Ack.At.IsZero() {
		t.Errorf("one that Alertmanager lacks: %+v", a)
	}
	if len(got[am]) != 1 || got[am][0].Name.String() != "Foreign" || got[am][0].State != ops.AlertFiring || got[am][0].Ref.Source != am {
		t.Errorf("one that only Alertmanager has: %+v", got[am])
	}
}

func TestExternalLabelsDoNotMakeAnotherAlert(t *testing.T) {
	got := merge(shop(), []ops.Alert{unreadable("f1", labels("alertname", "Down", "service", "web"))}, []ops.AlertmanagerAlert{
		notified("f7", ops.PagingActive, labels("alertname", "Down", "cluster", "eu", "service", "web")),
		notified("f8", ops.PagingActive, labels("alertname", "Down", "cluster", "eu", "service", "db")),
	})
	if got[prom][0].Paging.State != ops.PagingActive || len(got[am]) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestAStormWithExternalLabelsIsFoundWhole(t *testing.T) {
	var rules []ops.Alert
	var ns []ops.AlertmanagerAlert
	for i := range 5000 {
		id := ops.Textf("i%04d", i).String()
		rules = append(rules, unreadable("p"+id, labels("alertname", "Flood", "instance", id)))
		ns = append(ns, notified("a"+id, ops.PagingActive, labels("alertname", "Flood", "cluster", "eu", "instance", id)))
	}
	got := merge(shop(), rules, ns)
	absent := 0
	for _, a := range got[prom] {
		if a.Paging.State != ops.PagingActive {
			absent++
		}
	}
	if absent > 0 || len(got[am]) > 0 {
		t.Errorf("%d of 5,000 not found, %d left over", absent, len(got[am]))
	}
}

func TestWhetherAnybodyIsToldFollowsFromHowAnAlertIsSent(t *testing.T) {
	shown, sent, other := labels("alertname", "Down", "pod", "a"), labels("alertname", "Down", "cluster", "eu"), labels("alertname", "Down", "team", "b")
	with := func(sending ops.Sending, sent []ops.Label, others ...[]ops.Label) ops.Alert {
		a := rule("f1", shown)
		a.Sending, a.Sent, a.Others = sending, sent, others
		return a
	}
	for name, c := range map[string]struct {
		alert ops.Alert
		has   []ops.Label // of Alertmanager's alert
		want  ops.PagingState
	}{
		"sent as shown":                          {with(ops.SendingKnown, nil), shown, ops.PagingActive},
		"sent with other labels":                 {with(ops.SendingKnown, sent), sent, ops.PagingActive},
		"sent to a second one with others":       {with(ops.SendingKnown, sent, other), other, ops.PagingActive},
		"sent, and not there":                    {with(ops.SendingKnown, sent), other, ops.PagingAbsent},
		"another one stands under what it shows": {with(ops.SendingKnown, sent), shown, ops.PagingAbsent},
		"more labels than were sent":             {with(ops.SendingKnown, nil), labels("alertname", "Down", "cluster", "eu", "pod", "a"), ops.PagingAbsent},
		"dropped":                                {with(ops.SendingDropped, nil), other, ops.PagingDropped},
		"not known how, and there":               {with(ops.SendingUnknown, nil), labels("alertname", "Down", "cluster", "eu", "pod", "a"), ops.PagingActive},
		"not known how, and not there":           {with(ops.SendingUnknown, nil), sent, ops.PagingUnknown},
	} {
		got := merge(shop(), []ops.Alert{c.alert}, []ops.AlertmanagerAlert{notified("n", ops.PagingActive, c.has)})
		if a := got[prom][0]; a.Paging.State != c.want || (len(got[am]) == 0) != (c.want == ops.PagingActive) {
			t.Errorf("%s: %s, and %d only in Alertmanager", name, a.Paging.State, len(got[am]))
		}
	}
}

func BenchmarkAlerts5000(b *testing.B) {
	var rules []ops.Alert
	var ns []ops.AlertmanagerAlert
	for i := range 5000 {
		id := ops.Textf("i%04d", i).String()
		rules = append(rules, unreadable("p"+id, labels("alertname", "Flood", "instance", id)))
		ns = append(ns, notified("a"+id, ops.PagingActive, labels("alertname", "Flood", "cluster", "eu", "instance", id)))
	}
	for b.Loop() {
		merge(shop(), rules, ns)
	}
}

func TestAnAlertmanagerThatNeverAnsweredLeavesPagingUnknown(t *testing.T) {
	got := merge(shop(), []ops.Alert{rule("f1", labels("alertname", "Down"))}, nil)
	if got[prom][0].Paging.State != ops.PagingUnknown {
		t.Errorf("%+v", got[prom][0].Paging)
	}
}

func TestSuspectsAreNamedByTheEstateOrCalledAGuess(t *testing.T) {
	e := shop()
	web := ops.NewRef(ops.KindContainer, "docker", "web-7")
	e.Services = []ops.Service{{Name: ops.Lit("web"), Matchers: []ops.Matcher{{Name: ops.Lit("service"), Value: ops.Lit("web")}}, Behind: []ops.Ref{web}}}
	e.Expected = []ops.Expected{{Name: ops.Lit("db"), Source: ops.Lit("docker"), Port: 5432}}
	for name, c := range map[string]struct {
		labels []ops.Label
		want   string
		guess  bool
	}{
		"by the estate":        {labels("alertname", "Down", "service", "web"), "web-7", false},
		"by a label's value":   {labels("alertname", "Down", "job", "db"), "db", true},
		"by the port":          {labels("alertname", "Down", "instance", "10.0.0.1:5432"), "db", true},
		"by nothing":           {labels("alertname", "Down", "instance", "10.0.0.1:15432x"), "", false},
		"a port that ends so":  {labels("alertname", "Down", "instance", "10.0.0.1:15432"), "", false},
		"nothing behind a job": {labels("alertname", "Down", "job", "cron"), "", false},
	} {
		got := merge(e, []ops.Alert{rule("f2", c.labels)}, nil)[prom][0].Suspects
		if c.want == "" && len(got) == 0 {
			continue
		}
		if len(got) != 1 || got[0].Ref.ID.String() != c.want || got[0].Guess != c.guess || got[0].Why.Empty() {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAnAlertTakesTheFingerprintOfAlertmanagerOnlyWhereNoOtherCanBeIt(t *testing.T) {
	down := labels("alertname", "Down", "instance", "a")
	sent := func(id string, more ...string) ops.AlertmanagerAlert {
		return notified(id, ops.PagingActive, append(labels("alertname", "Down", "instance", "a"), labels(more...)...))
	}
	for situation, c := range map[string]struct {
		rules    []ops.Alert
		notified []ops.AlertmanagerAlert
		burning  []string
		want     string
	}{
		"it was seen there first":       {[]ops.Alert{unreadable("own", down)}, []ops.AlertmanagerAlert{sent("n", "region", "eu")}, []string{"n"}, "n"},
		"nobody has seen it before":     {[]ops.Alert{unreadable("own", down)}, []ops.AlertmanagerAlert{sent("n", "region", "eu")}, nil, "own"},
		"it was seen here first":        {[]ops.Alert{unreadable("own", down)}, []ops.AlertmanagerAlert{sent("n", "region", "eu")}, []string{"n", "own"}, "own"},
		"two there can be it":           {[]ops.Alert{unreadable("own", down)}, []ops.AlertmanagerAlert{sent("n", "region", "eu"), sent("m", "disk", "x", "region", "eu")}, []string{"n", "m"}, "own"},
		"it can be two here":            {[]ops.Alert{unreadable("own", down), unreadable("less", labels("alertname", "Down"))}, []ops.AlertmanagerAlert{sent("n", "region", "eu")}, []string{"n"}, "own"},
		"how it is sent can be read":    {[]ops.Alert{rule("own", down)}, []ops.AlertmanagerAlert{sent("n", "region", "eu")}, []string{"n"}, "own"},
		"Alertmanager has it no longer": {[]ops.Alert{unreadable("own", down)}, nil, []string{"n"}, "own"},
	} {
		f := AlertFacts{Rules: map[ops.Text][]ops.Alert{prom: c.rules}, AlertmanagerAlerts: map[ops.Text][]ops.AlertmanagerAlert{am: c.notified}, Burning: map[ops.Text]*ops.Alert{}}
		for _, id := range c.burning {
			f.Burning[ops.Clean(id)] = &ops.Alert{}
		}
		if got := Alerts(shop(), f)[prom][0].Ref.ID; got.String() != c.want {
			t.Errorf("%s: %s, want %s", situation, got, c.want)
		}
	}
}

func TestAnAlertIsJudgedByItsRankAndByWhoHasIt(t *testing.T) {
	burns := rule("f1", labels("alertname", "Down"))
	burns.Severity.Rank, burns.Paging = ops.RankHigh, ops.Paging{State: ops.PagingAbsent}
	with := func(change func(*ops.Alert)) ops.Alert {
		a := burns
		change(&a)
		return a
	}
	paging := func(s ops.PagingState) ops.Alert {
		return with(func(a *ops.Alert) { a.Paging = ops.Paging{State: s, Source: am} })
	}
	for situation, c := range map[string]struct {
		a             ops.Alert
		answers       ops.SourceState
		level, paging ops.Level
	}{
		"nobody is told":           {burns, ops.SourceOK, ops.LevelWarning, ops.LevelCritical},
		"new to either side":       {with(func(a *ops.Alert) { a.Fired = ago(time.Minute) }), ops.SourceOK, ops.LevelWarning, ops.LevelInfo},
		"pending":                  {with(func(a *ops.Alert) { a.State = ops.AlertPending }), ops.SourceOK, ops.LevelInfo, ops.LevelInfo},
		"it goes to its receivers": {paging(ops.PagingActive), ops.SourceOK, ops.LevelWarning, ops.LevelOK},
		"a silence holds it":       {paging(ops.PagingSilenced), ops.SourceOK, ops.LevelInfo, ops.LevelInfo},
		"a silence held it":        {paging(ops.PagingSilenced), ops.SourceRefused, ops.LevelWarning, ops.LevelUnknown},
		"a time interval mutes it": {paging(ops.PagingMuted), ops.SourceOK, ops.LevelWarning, ops.LevelInfo},
		"a time interval muted it": {paging(ops.PagingMuted), ops.SourceRefused, ops.LevelWarning, ops.LevelUnknown},
		"whether one does is not known": {with(func(a *ops.Alert) {
			a.Paging = ops.Paging{State: ops.PagingActive, Source: am, MutingUnknown: ops.Lit("too old")}
		}), ops.SourceOK, ops.LevelWarning, ops.LevelUnknown},
		"somebody took it, nobody is told": {acked(burns), ops.SourceOK, ops.LevelInfo, ops.LevelCritical},
		"who is told cannot be asked":      {burns, ops.SourceSilent, ops.LevelWarning, ops.LevelUnknown},
	} {
		b := ops.Board{Sources: []ops.Source{{Name: am, Kind: ops.SourceAlertmanager, State: c.answers}}, Alerts: []ops.Reading[[]ops.Alert]{{Source: prom, Value: []ops.Alert{c.a}}}}
		shared := b.Alerts
		changed := Board(ops.Estate{}, &b, now)
		if a := b.Alerts[0].Value[0]; a.Level != c.level || a.Paging.Level != c.paging {
			t.Errorf("%s: %s, paging %s", situation, a.Level, a.Paging.Level)
		}
		if shared[0].Value[0].Level != ops.LevelUnknown || !slices.Contains(changed, ops.SectionAlerts) {
			t.Errorf("%s: a slice that others hold was changed, or nobody is told of it: %v", situation, changed)
		}
		if again := Board(ops.Estate{}, &b, now); again != nil {
			t.Errorf("%s: judged twice, %v reads differently", situation, again)
		}
	}
}

func TestASilenceThatEndsWhileItBurnsIsMarked(t *testing.T) {
	silence := func(id string, ends time.Duration) ops.Silence {
		return ops.Silence{Ref: ops.NewRef(ops.KindSilence, "am", id), State: ops.SilenceActive, Ends: now.Add(ends)}
	}
	got := Silences([]ops.Silence{silence("s1", 30*time.Minute), silence("s1", 3*time.Hour), silence("s2", time.Minute)}, map[ops.Text]int{ops.Lit("s1"): 1}, now)
	if got[0].Verdict.Level != ops.LevelWarning || got[0].Hits != 1 || got[1].Verdict.Level != ops.LevelInfo || got[2].Verdict.Level != ops.LevelInfo || got[2].Hits != 0 {
		t.Errorf("%+v", got)
	}
}

func TestOneAlertStillFiresAndTwoStillFire(t *testing.T) {
	if one, two := stillFire(1), stillFire(2); one != "1 alert still fires" || two != "2 alerts still fire" {
		t.Errorf("%q, %q", one, two)
	}
}

func TestTheServiceOfTheEstateIsNamed(t *testing.T) {
	e := shop()
	e.Services = []ops.Service{{Name: ops.Lit("ledger"), Matchers: []ops.Matcher{{Name: ops.Lit("größe"), Value: ops.Lit("x")}}}}
	got := merge(e, []ops.Alert{rule("f1", labels("alertname", "Down", "größe", "x", "job", "y")), rule("f2", labels("alertname", "Down", "job", "x"))}, nil)
	if a, b := got[prom][0].Service, got[prom][1].Service; a.String() != "ledger" || !b.Empty() {
		t.Errorf("%q, %q", a, b)
	}
}
