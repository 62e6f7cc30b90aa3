//go:build lab

package e2e

import (
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// sight is a fault and what the Overview says of it.
type sight struct {
	fault string
	wants []string // each is seen while it lasts, in any order; the first one says it
	never string   // is not seen from then on
	exit  int      // of the snapshot, at least
	more  func(s *screen)
}

// falselyGood is what no screen may say while the sources are not to be trusted.
const falselyGood = `(?m)^(ok|info)\s+|alerts firing: (0|none)|no alerts`

// breaking brings a fault about while the screen is watched: some are over with
// the command.
func breaking(t *testing.T, fault string) (at time.Time, heal func()) {
	t.Helper()
	done := make(chan error, 1)
	at = time.Now()
	cmd := exec.Command(os.Getenv("OPSDECK_LAB_BIN"), "fault", fault)
	must(t, cmd.Start())
	go func() { done <- cmd.Wait() }()
	healed := false
	heal = func() {
		t.Helper()
		if healed {
			return
		}
		healed = true
		if err := <-done; err != nil {
			t.Errorf("lab fault %s: %v", fault, err)
		}
		lab(t, "heal", fault)
	}
	t.Cleanup(heal)
	return at, heal
}

// watch looks at the screen until it has said everything.
func (s *screen) watch(c sight, at time.Time) {
	s.Helper()
	never := regexp.MustCompile(c.never)
	said := map[string]bool{}
	for end := at.Add(2 * time.Minute); len(said) < len(c.wants); time.Sleep(30 * time.Millisecond) {
		text := s.parts().now() // what has been is no sign that it is so
		for _, re := range c.wants {
			if !said[re] && regexp.MustCompile(re).MatchString(text) {
				said[re] = true
				s.Logf("%s: %s after %s", c.fault, re, time.Since(at).Round(10*time.Millisecond))
			}
		}
		if m := never.FindString(text); said[c.wants[0]] && m != "" {
			s.Fatalf("%s: the screen says %q:\n%s", c.fault, m, text)
		}
		if time.Now().After(end) {
			s.Fatalf("%s: of %q only %v was seen:\n%s", c.fault, c.wants, said, text)
		}
	}
}

func TestWhatTheSourcesOfAlertsDoIsSaidAndNothingIsFalselyGood(t *testing.T) {
	whole(t)
	w, s := awake(t)
	s.tall()
	t.Run("alone", func(t *testing.T) {
		w.sights(t, s.in(t), []sight{
			{fault: "silence-ending", wants: []string{`silence of opsdeck-lab ends soon`, `\d alert still fires, and it ends`, `IFRS9DataQualityLow .*silenced;`},
				never: falselyGood, exit: 1},
			{fault: "rule-broken", wants: []string{`IFRS9RuleTemplateBroken`, `IFRS9RuleNotANumber`, `prometheus warns .*IFRS9RuleCannotBeEvaluated`},
				never: falselyGood, exit: 1, more: ruleFaults},
		})
	})
	at, _ := breaking(t, "alert-flood")
	s.watch(sight{fault: "alert-flood", wants: []string{`20\d high 1[68]\d\d med`, `high IFRS9LoanBatchRejected x200\s`, `medium IFRS9LoanBatchRejected x1[68]00\s`}, never: falselyGood}, at)
	s.keys("2")
	s.within(soon, `(?m)^2\d\d\d firing.* 1/2\d\d\d$`)
	s.keys("Down")
	s.within(soon, `(?m)^2\d\d\d firing.* 2/2\d\d\d$`)
	s.keys("1")
	s.until(`\[1 Overview\]`)
	t.Run("storm", func(t *testing.T) {
		const holds = `alerts firing: 20\d high` // something else may burn beside the storm
		w.sights(t, s.in(t), []sight{
			{fault: "alertmanager-restarted", wants: []string{`alertmanager(: | warns\s.*)up less than two minutes: it may not have heard`, holds}, never: falselyGood, exit: 1},
			{fault: "alertmanager-down", wants: []string{`alertmanager REFUSED since \d\d:\d\dZ: connection refused`, `(?m)^(UNKNOWN .*|[> ] UNKNOWN +)alertmanager refused`, holds},
				never: falselyGood + `|alertmanager ok`, exit: 3, more: nobodyIsTold},
			{fault: "prometheus-slow", wants: []string{`prometheus(: | warns\s.*)which targets are down is not known`, `UNKNOWN\s+data-quality\s+-`, holds}, never: falselyGood, exit: 1},
			{fault: "clock-skew", wants: []string{`prometheus(: | warns\s.*)its clock is (4 min 5[89]|5 min [0-2]) s ahead of ours`, `alertmanager warns .*its clock is`, holds}, never: falselyGood, exit: 1},
			// How long it says that it starts is between two questions or not.
			{fault: "prometheus-restarted", wants: []string{`prometheus (REFUSED|FAILING)`, holds}, never: falselyGood, exit: 1, more: restartIsNews},
		})
	})
	// A Prometheus that was restarted ends only series that it has read again; the
	// others would fire for five minutes more, in the tests that follow.
	storm := "/api/v1/query?query=" + url.QueryEscape(`count_over_time(up{job="ifrs9-loan-batches"}[8s])`)
	until(t, patience, "the storm is read again", func() bool { return strings.Contains(fetched(t, "PROMETHEUS", storm), `"value"`) })
}

// sights goes through faults one by one; the screen is the Overview's.
func (w *world) sights(t *testing.T, s *screen, all []sight) {
	for _, c := range all {
		t.Run(c.fault, func(t *testing.T) {
			s := s.in(t)
			at, heal := breaking(t, c.fault)
			s.watch(c, at)
			if view, code := s.snapshot("overview"); code < c.exit {
				t.Errorf("the snapshot: exit %d, %s", code, view.Verdict)
			}
			if c.more != nil {
				c.more(s)
				s.press("1", `\[1 Overview\]`)
			}
			heal()
			s.within(2*time.Minute, `sources: 5/5 fresh`)
		})
	}
}

// ruleFaults reads on the alert's screen what is wrong with its rule.
func ruleFaults(s *screen) {
	s.keys("2")
	s.filter("IFRS9RuleTemplateBroken")
	s.until(`(?m)^>.*IFRS9RuleTemplateBroken`)
	s.keys("Enter")
	s.until(`error expanding template(?s:.*)behind it\s+. container ifrs9-reporter`)
	s.back(`(?m)^>.*IFRS9RuleTemplateBroken`)
	s.unfiltered()
}

// restartIsNews reads it in the History: how many of the latest changes the Overview
// has room for depends on all that is wrong besides.
func restartIsNews(s *screen) {
	s.keys("0")
	s.within(2*time.Minute, `prometheus was restarted, up since \d\d:\d\d:\d\dZ`)
}

// nobodyIsTold reads who is told while no Alertmanager answers, and that no
// silence can be made.
func nobodyIsTold(s *screen) {
	s.keys("2")
	s.filter("IFRS9LoanBatchRejected")
	s.until(`(?m)^>.*IFRS9LoanBatchRejected`)
	s.keys("s")
	s.until(`silence cannot run: alertmanager is refused: connection refused`)
	s.keys("Enter")
	s.until(`paging\s+not known|paging\s+.*nobody`)
	s.back(`(?m)^>.*IFRS9LoanBatchRejected`)
	s.unfiltered()
}
