package estate

import (
	"strconv"
	"strings"
	"time"

	"opsdeck/ops"
)

var (
	hostAndPort = pattern{`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}$`, "host:port"}
	httpMethod  = pattern{`^[A-Z]{1,20}$`, "a method in capitals"}
	headerValue = pattern{`^.{1,1000}$`, "one line of 1 to 1000 characters"}
	actionID    = pattern{`^[a-z]+(\.[a-z-]+)+$`, "the id of an action, for example container.restart"}
	aRef        = pattern{`^[a-z-]+:[^/ ]*/[^ ]+$`, "kind:source/id, for example container:docker/api"}
	wholePath   = pattern{`^/[^\x00]{0,1000}$`, "a path from the root"}
	percentage  = pattern{`^[0-9]{1,3}(\.[0-9]{1,6})?%$`, "a number and %, for example 0.5%"}
)

const (
	mostRate = 1_000_000
	mostLoad = 24 * time.Hour
)

func scenarioKey(name string, s *Scenario) key {
	p := &s.Plan
	p.Name = ops.Clean(name)
	http, locust, loans := ops.DriverHTTP.String(), ops.DriverLocust.String(), ops.DriverLoans.String()
	return key{shape: shapeMapping, by: "driver", meaning: "One load scenario.", fields: []key{
		bind(&p.Driver, key{name: "driver", shape: shapeWord, words: []string{http, locust, loans}, fallback: http, example: locust,
			meaning: "What makes the load: `http` sends requests from the agent's machine, at planned moments, whether or not the answers keep up; `locust` has a Locust of yours send, over its web API, from as many machines as it has workers; `loans` streams synthetic IFRS 9 loans into a PostgreSQL and calculates their expected loss there."}),
		bind(&p.Kind, key{name: "kind", shape: shapeWord, words: []string{ops.LoadNormal.String(), ops.LoadPeak.String(), ops.LoadStress.String(), ops.LoadEndurance.String(), ops.LoadRecovery.String()}, fallback: ops.LoadNormal.String(), example: "stress",
			meaning: "What a run is to show. `normal`: whether the load keeps its limits. `peak`: whether `concurrent` of it at once do. `stress`: at which rate a limit breaks; each stage of `rate` is judged by itself, and the first that breaks one is the last. `endurance`: whether memory grows. `recovery`: how long a `fault` takes to be over."}),
		bind(&p.Target, key{name: "target", shape: shapeText, pattern: nameOfThing, required: true, example: "api",
			meaning: "What is loaded. In production this name is typed before a run, and only one run at a time is sent to it. Where it is one of `services`, a critical alert of that which begins ends the run."}),
		bind(&p.Note, key{name: "note", shape: shapeText, pattern: anyText, example: "twice the usual evening",
			meaning: "What it is for, in words."}),
		bind(&p.Allow, key{name: "allow", shape: shapeList, required: true, elem: &key{shape: shapeText, pattern: hostAndPort, example: "127.0.0.1:8000", meaning: "One server."},
			example: `["127.0.0.1:8000"]`,
			meaning: "The servers that may be sent to, as host:port. With `http` no connection is made to any other, wherever a target or an answer leads; of Locust its `host` has to be one, of loans each server of the database's DSN (of a socket, 127.0.0.1 and the port)."}),
		bind(&p.MaxDuration, key{name: "max_duration", shape: shapeDuration, required: true, shortest: time.Second, longest: mostLoad, example: "10m",
			meaning: "The longest that a run takes, from the first request to the last answer."}),
		bind(&p.Warmup, key{name: "warm_up", shape: shapeDuration, shortest: time.Second, longest: mostLoad, example: "30s",
			meaning: "How much of the beginning is charted and never judged."}),
		{name: "limits", shape: shapeMapping, example: "{latency_p95: 500ms, errors: 1%}", fields: append(loadLimitKeys(p), limitsBesideKeys(s)...),
			meaning: "What the figures of a run have to keep. A run without limits passes nothing: it is invalid."},
		bind(&p.AbortAfter, key{name: "abort_after", shape: shapeNumber, min: 1, max: 3600, example: "10",
			meaning: "Ends a run after as many seconds on end that break a limit of a time or of errors. Without it a run goes on to its end."}),
		{name: "guards", shape: shapeMapping, always: true, example: `{wal_growth_mb: 4096, disk_free: 10%, disks: [/var/lib/postgresql]}`, fields: guardKeys(&p.Guards),
			meaning: "What ends a run for its target's sake, beside a critical alert of its service and an archiver of its databases that fails."},
		bind(&s.concurrent, key{name: "concurrent", shape: shapeNumber, min: 2, max: 1000, example: "4",
			meaning: "Of a peak: how many of the load go on at once. Its rate, or its users, are as many times what is written. Of loans it is `pipelines` that says so."}),
		note(&s.fault, key{name: "fault", shape: shapeMapping, example: "{at: 1m, action: container.restart, on: \"container:docker/api\"}", fields: faultKeys(&s.fault),
			meaning: "Of a recovery: what is done to the target. It is an action of opsdeck as any other, by whoever started the run, with its own record."}),
		bind(&p.Recovered, key{name: "recovered_after", shape: shapeNumber, min: 1, max: 3600, fallback: "10", example: "30",
			meaning: "Of a recovery: how many seconds on end (with Locust: looks) have to keep the limits for the fault to be over, and before it for there to be something to come back to."}),
		bindBy(key{name: "tolerance", shape: shapeText, pattern: percentage, fallback: "10%", example: "5%",
			meaning: "By how much of itself a figure may differ from that of an earlier run without being news."}, func(_ *draft, v *said) { p.Tolerance = share(v) }),
		bind(&s.CAFile, path("ca_file", "Certificates in PEM that are trusted besides the system's.")),
		bind(&p.Production, key{name: "production", shape: shapeFlag, fallback: "false", example: "true",
			meaning: "Whether it may run where the environment is production."}),
	}, variants: []variant{{word: http, fields: append(sendingKeys(s), connectionKeys(s)...)}, {word: locust, fields: locustKeys(s)}, {word: loans, fields: loansKeys(s)}}}
}

// waysToSay are the keys of a rate, of which one has to be there.
func waysToSay(none string) choice {
	return choice{[]string{"constant", "ramp", "steps", "double", "stages"}, none, "write stages for what none of the others says"}
}

// sendingKeys say what is sent from here, and how fast.
func sendingKeys(s *Scenario) []key {
	return []key{
		orFile(&s.File, list(&s.Requests, key{name: "targets", required: true,
			or:      &key{shape: shapePath, example: "targets.txt", meaning: "A file of requests as vegeta has them."},
			example: `[{url: "http://127.0.0.1:8000/health"}]`,
			meaning: "The requests, which are taken in turn: a list, or a file of them as vegeta's http format has it: a line of method and URL, lines of headers, a line @FILE with the body, an empty line."}, requestKey)),
		note(&s.rate, key{name: "rate", shape: shapeMapping, required: true, example: "{constant: {rate: 50, for: 5m}}", fields: rateKeys(&s.rate, "rate", "requests a second"),
			exactly: waysToSay("says no rate"), meaning: "How many requests a second are sent, and for how long."}),
		bind(&s.Plan.MaxRate, key{name: "max_rate", shape: shapeNumber, min: 1, max: mostRate, required: true, example: "100",
			meaning: "The most requests a second, whatever `rate` says. It is kept in each second."}),
	}
}

// locustKeys say which Locust sends, to what, and how many users it has.
func locustKeys(s *Scenario) []key {
	return []key{
		bind(&s.URL, key{name: "url", shape: shapeAddress, required: true, example: "http://127.0.0.1:8089", address: address{schemes: []string{"http", "https"}, bare: true},
			meaning: "Where Locust's web API answers: that of a master, or of a single process."}),
		bind(&s.Host, key{name: "host", shape: shapeAddress, required: true, example: "http://127.0.0.1:8000", address: address{schemes: []string{"http", "https"}, bare: true},
			meaning: "What its users are told to send to. Where a locustfile sends besides is not known."}),
		note(&s.users, key{name: "users", shape: shapeMapping, required: true, example: "{constant: {count: 50, for: 5m}}", fields: rateKeys(&s.users, "count", "users"),
			exactly: waysToSay("says no users"), meaning: "How many users there are, and for how long. Each waits for an answer before the next request (a closed loop). A part that grows or shrinks begins with as many as the one before it ends with."}),
		bind(&s.Plan.MaxUsers, key{name: "max_users", shape: shapeNumber, min: 1, max: mostRate, required: true, example: "100",
			meaning: "The most users, whatever `users` says."}),
	}
}

// presetName is a preset of loans.
var presetName = pattern{`^(normal|stress)$`, "normal or stress"}

// loansKeys say which loans are loaded into what, and how fast.
func loansKeys(s *Scenario) []key {
	l, login := &s.Loans, new(Login)
	return []key{
		bind(&l.Source, key{name: "source", shape: shapeText, pattern: nameOfThing, example: "postgres",
			meaning: "The PostgreSQL source on whose server the database is. Only where there are several."}),
		bind(&l.Database, key{name: "database", shape: shapeText, pattern: anyText, required: true, example: "shop",
			meaning: "The database that is loaded. Nothing in it is touched but a schema of the scenario's own, `opsdeck_load_` and its name, which the run makes and marks."}),
		bindBy(key{name: "login", shape: shapeMapping, fields: loginKeys(login, "Who loads: a login with CREATE on the database."),
			meaning: "The login that loads. Without it, it is the one that reads the source."}, func(d *draft, v *said) { l.Login, d.said[login] = login, v }),
		bind(&l.Rows, key{name: "rows", shape: shapeNumber, min: 1, max: 1_000_000_000, required: true, example: "1000000",
			meaning: "How many loans. A run that ended before goes on behind its last batch."}),
		bind(&l.Batch, key{name: "batch", shape: shapeNumber, min: 1, max: 1_000_000, fallback: "10000", example: "50000",
			meaning: "How many loans are a batch: one transaction, from COPY to the expected loss. Where it is not said and `rows` are fewer, it is all of them. Limits of times are of batches."}),
		bind(&l.Rate, key{name: "rate", shape: shapeNumber, min: 1, max: mostRate, required: true, example: "1200",
			meaning: "How many loans a second are sent. A batch is due when those before it have had their time."}),
		bind(&l.MaxRate, key{name: "max_rate", shape: shapeNumber, min: 1, max: mostRate, required: true, example: "2000",
			meaning: "The most loans a second, whatever `rate` says and however much there is to make up for."}),
		bind(&l.Preset, key{name: "preset", shape: shapeText, pattern: presetName, fallback: "normal", example: "stress",
			meaning: "How the loans are spread over the stages of IFRS 9: `normal` or `stress`."}),
		bind(&l.Seed, key{name: "seed", shape: shapeNumber, max: 1 << 53, fallback: "1", example: "42",
			meaning: "The same seed makes the same loans."}),
		bind(&l.Pipelines, key{name: "pipelines", shape: shapeNumber, min: 1, max: 64, fallback: "1", example: "4",
			meaning: "How many batches are under way at once, each over a connection of its own."}),
	}
}

// connectionKeys say how the driver connects, and what it takes for a good answer.
func connectionKeys(s *Scenario) []key {
	p := &s.Plan
	return []key{
		bind(&p.Connections, key{name: "connections", shape: shapeNumber, min: 1, max: 50_000, fallback: "50", example: "200",
			meaning: "How many requests are under way at once. What is due meanwhile waits, and its wait counts."}),
		bind(&p.InFlight, key{name: "in_flight", shape: shapeNumber, min: 1, max: 1_000_000, fallback: "10000", example: "5000",
			meaning: "How many requests wait and are under way at the most. What comes due beyond that is dropped and counted."}),
		bind(&p.Timeout, key{name: "timeout", shape: shapeDuration, fallback: "10s", shortest: 10 * time.Millisecond, longest: time.Hour, example: "30s",
			meaning: "How long one answer may take."}),
		{name: "expect", shape: shapeMapping, example: "{status: [200], contains: ok}", meaning: "What makes an answer a good one. Without it, a status of 200 to 299.", fields: []key{
			bindBy(key{name: "status", shape: shapeList, elem: &key{shape: shapeNumber, min: 100, max: 599, example: "200", meaning: "One status."}, example: "[200, 204]",
				meaning: "The statuses of good answers."}, func(_ *draft, v *said) {
				for _, i := range v.items {
					s.Status = append(s.Status, int(i.number))
				}
			}),
			bind(&s.Contains, key{name: "contains", shape: shapeText, pattern: anyText, example: "ok", meaning: "Words that the body has to hold."}),
		}},
	}
}

func requestKey(r *Request) key {
	return key{shape: shapeMapping, meaning: "One request.", fields: []key{
		bind(&r.Method, key{name: "method", shape: shapeText, pattern: httpMethod, fallback: "GET", example: "POST", meaning: "Its method."}),
		bind(&r.URL, key{name: "url", shape: shapeAddress, required: true, example: "http://127.0.0.1:8000/health", address: address{schemes: []string{"http", "https"}},
			meaning: "Its URL. It holds no user: send an Authorization header."}),
		table(&r.Headers, key{name: "headers", pattern: headerName, example: `{Authorization: "${OPSDECK_LOAD_TOKEN}"}`,
			meaning: "Its headers."}, func(name string, h *Header) key {
			h.Name = name
			return bindBy(key{shape: shapeText, pattern: headerValue, example: "application/json", meaning: "The value of this header."}, func(_ *draft, v *said) { h.Value, h.Written = v.text, v.written() })
		}),
		bind(&r.Body, key{name: "body", shape: shapeBlock, example: `'{"loan": 1}'`, meaning: "Its body, as it stands."}),
	}}
}

// rateKeys are the ways to say a rate: the name of the figure that stays, and its unit.
func rateKeys(r *rate, name, unit string) []key {
	many := strings.ToUpper(unit[:1]) + unit[1:]
	number := func(into *int, name, meaning string, required bool) key {
		return bind(into, key{name: name, shape: shapeNumber, max: mostRate, required: required, example: "50", meaning: meaning})
	}
	span := func(into *time.Duration, meaning string) key {
		return bind(into, key{name: "for", shape: shapeDuration, required: true, shortest: time.Second, longest: mostLoad, example: "5m", meaning: meaning})
	}
	step := bind(&r.steps.by, key{name: "by", shape: shapeNumber, min: 1, max: mostRate, required: true, example: "50", meaning: "How many more each step has."})
	return []key{
		note(&r.constant, key{name: "constant", shape: shapeMapping, example: "{" + name + ": 50, for: 5m}", meaning: "The same all the time.", fields: []key{
			number(&r.constant.rate, name, many+".", true), span(&r.constant.each, "How long.")}}),
		note(&r.ramp, key{name: "ramp", shape: shapeMapping, example: "{from: 0, to: 200, for: 5m}", meaning: "From one figure evenly to another.", fields: []key{
			number(&r.ramp.from, "from", many+" at the beginning.", true), number(&r.ramp.to, "to", "And at the end.", true), span(&r.ramp.each, "How long.")}}),
		note(&r.steps, key{name: "steps", shape: shapeMapping, example: "{from: 50, to: 400, by: 50, for: 1m}", meaning: "Higher step by step.", fields: []key{
			number(&r.steps.from, "from", many+" of the first step.", true), number(&r.steps.to, "to", "The most that a step may have.", true), step, span(&r.steps.each, "How long each step is.")}}),
		note(&r.double, key{name: "double", shape: shapeMapping, example: "{from: 50, to: 1600, for: 1m}", meaning: "Twice as much step by step.", fields: []key{
			bind(&r.double.from, key{name: "from", shape: shapeNumber, min: 1, max: mostRate, required: true, example: "50", meaning: many + " of the first step."}),
			number(&r.double.to, "to", "The most that a step may have.", true), span(&r.double.each, "How long each step is.")}}),
		list(&r.stages, key{name: "stages", example: "[{from: 0, to: 100, for: 30s}, {from: 100, for: 5m}]", meaning: "One part after the other."}, func(s *stage) key {
			return key{shape: shapeMapping, meaning: "One stage.", fields: []key{
				number(&s.from, "from", many+" at its beginning.", true), number(&s.to, "to", "And at its end; left out, the same.", false), span(&s.each, "How long it is.")}}
		}),
	}
}

// loadLimitKeys has one key for each figure that can have a limit.
func loadLimitKeys(p *ops.LoadScenario) []key {
	add := func(m ops.LoadMetric, limit float64) {
		p.Limits = append(p.Limits, ops.LoadLimit{Metric: m, Limit: limit})
	}
	keys := []key{
		bindBy(key{name: ops.MetricRate.String(), shape: shapeNumber, min: 1, max: mostRate, example: "1000",
			meaning: "At least as many good answers a second, over the judged part of the run; of a stress, at least the rate that has to hold."}, func(_ *draft, v *said) { add(ops.MetricRate, float64(v.number)) }),
		bindBy(key{name: ops.MetricErrors.String(), shape: shapeText, pattern: percentage, example: "0.5%",
			meaning: "At most this share of what was answered or failed may have failed."}, func(_ *draft, v *said) {
			add(ops.MetricErrors, share(v))
		}),
		bindBy(key{name: ops.MetricTargetGrowth.String() + "_mb", shape: shapeNumber, max: 1 << 20, example: "20",
			meaning: "At most by how many MiB an hour the memory of the target's containers may grow. It takes an endurance of at least 30 looks, one each 10 s."}, grows(add, ops.MetricTargetGrowth)),
		bindBy(key{name: ops.MetricGeneratorGrowth.String() + "_mb", shape: shapeNumber, max: 1 << 20, example: "5",
			meaning: "The same of the process that sends, which is known with `driver: http`."}, grows(add, ops.MetricGeneratorGrowth)),
		bindBy(key{name: ops.MetricRecovery.String(), shape: shapeDuration, shortest: time.Second, longest: mostLoad, example: "30s",
			meaning: "Of a recovery: at most how long it takes from the fault until the limits are kept again."}, func(_ *draft, v *said) { add(ops.MetricRecovery, v.span.Seconds()) }),
	}
	for m := ops.MetricLatencyP50; m <= ops.MetricServiceP99; m++ {
		from := "from when a request was meant to start, as a user waits"
		if m >= ops.MetricServiceP50 {
			from = "from when there was a connection for a request, as the server takes"
		}
		_, q, _ := strings.Cut(m.String(), "_p")
		keys = append(keys, bindBy(key{name: m.String(), shape: shapeDuration, shortest: time.Microsecond, longest: time.Hour, example: "500ms",
			meaning: "At most how long " + q + " % of the requests may take, " + from + "."}, func(_ *draft, v *said) { add(m, v.span.Seconds()) }))
	}
	return keys
}

// share is a percentage that the check saw to.
func share(v *said) float64 {
	n, _ := strconv.ParseFloat(strings.TrimSuffix(v.text, "%"), 64)
	return n / 100
}

// grows takes a limit in MiB an hour.
func grows(add func(ops.LoadMetric, float64), m ops.LoadMetric) func(*draft, *said) {
	return func(_ *draft, v *said) { add(m, float64(v.number)*(1<<20)) }
}

// guardKeys say how far a run may go.
func guardKeys(g *ops.LoadGuards) []key {
	return []key{
		bindBy(key{name: "wal_growth_mb", shape: shapeNumber, min: 1, max: 1 << 30, fallback: "8192", example: "4096",
			meaning: "By how many MiB pg_wal of a database behind the target may grow."}, func(_ *draft, v *said) { g.WALGrowth = int64(v.number) << 20 }),
		bindBy(key{name: "disk_free", shape: shapeText, pattern: percentage, fallback: "5%", example: "10%",
			meaning: "How much of each of `disks` has to be free."}, func(_ *draft, v *said) { g.DiskFree = share(v) }),
		bind(&g.Disks, key{name: "disks", shape: shapeList, elem: &key{shape: shapeText, pattern: wholePath, example: "/var/lib/postgresql", meaning: "One folder."}, example: "[/var/lib/postgresql]",
			meaning: "Folders of the agent's machine, whose file systems are looked at."}),
	}
}

// faultKeys say what is done to the target of a recovery.
func faultKeys(f *fault) []key {
	return []key{
		bind(&f.at, key{name: "at", shape: shapeDuration, required: true, shortest: time.Second, longest: mostLoad, example: "1m", meaning: "When, since the beginning of the run."}),
		bind(&f.action, key{name: "action", shape: shapeText, pattern: actionID, required: true, example: "container.restart", meaning: "The id of an action that is disruptive or safe; `opsdeck actions` lists them."}),
		bind(&f.on, key{name: "on", shape: shapeText, pattern: aRef, required: true, example: "container:docker/api", meaning: "What it is done to, as kind:source/id."}),
	}
}

// limitsBesideKeys are limits of what is no figure of the requests.
func limitsBesideKeys(s *Scenario) []key {
	p := &s.Plan
	return []key{
		bindBy(key{name: ops.MetricWindow.String(), shape: shapeDuration, shortest: time.Second, longest: mostLoad, example: "150m",
			meaning: "At most how long the judged part of the run may take. A run that `max_duration` ends before is aborted."}, func(_ *draft, v *said) {
			p.Limits = append(p.Limits, ops.LoadLimit{Metric: ops.MetricWindow, Limit: v.span.Seconds()})
		}),
		bind(&s.indicators, key{name: "indicators", shape: shapeList, elem: &key{shape: shapeText, pattern: nameOfThing, example: "cpu", meaning: "One indicator."}, example: "[cpu, memory]",
			meaning: "Indicators (`kpis`) that have to keep their targets during the run, by their worst value. One that is missing for more than a tenth of it, or gives several series, is not known, and the run no pass."}),
		table(&s.queries, key{name: "queries", pattern: nameOfThing, example: `{db_cpu: {query: "100 * avg(up)", target: "<= 80"}}`,
			meaning: "Figures of a Prometheus that have to keep a target during the run, as `indicators` do. They are asked with every reading of it, and no screen shows them but those of the run."}, queryKey),
	}
}

// orFile takes the name of a file where that stands in the place of a list.
func orFile(into *string, k key) key {
	all := k.fill
	return bindBy(k, func(d *draft, v *said) {
		if v.value.key.shape == shapePath {
			*into = v.text
			return
		}
		all(d, v)
	})
}
