package faults

import (
	"context"

	"opsdeck/lab/internal/proxy"
)

const (
	slowAnswerMS  = 3000
	clockSkewSecs = 300
)

// wayFault is a fault on the console's ways to the servers: set breaks each of
// them, clear mends it. The servers themselves do not notice.
func wayFault(name, line string, ways []string, set, clear func(*proxy.Control)) Fault {
	edit := func(change func(*proxy.Control)) func(context.Context, Lab) error {
		return func(_ context.Context, lab Lab) error {
			for _, way := range ways {
				if err := proxy.Edit(lab.Layout, way, change); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return Fault{Name: name, Line: line, Apply: edit(set), Heal: edit(clear)}
}

func prometheusSlow() Fault {
	return wayFault("prometheus-slow", "every query to Prometheus takes 3 s (through the proxy); its other pages are quick",
		[]string{proxy.Prometheus},
		func(c *proxy.Control) { c.DelayMS, c.DelayPath = slowAnswerMS, "/api/v1/query" },
		func(c *proxy.Control) { c.DelayMS, c.DelayPath = 0, "" })
}

func clockSkew() Fault {
	return wayFault("clock-skew", "Prometheus and Alertmanager date their answers 5 min ahead (through the proxy)",
		[]string{proxy.Prometheus, proxy.Alertmanager},
		func(c *proxy.Control) { c.DateShiftSeconds = clockSkewSecs },
		func(c *proxy.Control) { c.DateShiftSeconds = 0 })
}

// sourcesFrozen is the network's version of prometheus-frozen: the servers are
// well and talk to each other, only the console gets no answer.
func sourcesFrozen() Fault {
	return wayFault("sources-frozen", "the console's ways to Prometheus and Alertmanager take requests and never answer; both servers are well",
		[]string{proxy.Prometheus, proxy.Alertmanager},
		func(c *proxy.Control) { c.Freeze = true },
		func(c *proxy.Control) { c.Freeze = false })
}

// postAnswerCut loses one answer after Alertmanager has made the silence: who
// asks cannot know whether it was made.
func postAnswerCut() Fault {
	return Fault{
		Name: "postanswer-cut",
		Line: "Alertmanager makes the next silence, but the answer to its POST is lost, once (through the proxy)",
		Apply: func(_ context.Context, lab Lab) error {
			return proxy.CutNextPost(lab.Layout, proxy.Alertmanager, silencesPath)
		},
		Heal: func(_ context.Context, lab Lab) error { return proxy.KeepPosts(lab.Layout, proxy.Alertmanager) },
	}
}
