package estate

import "time"

var (
	target   = pattern{`^(>=|<=) ?-?[0-9]{1,15}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?$`, ">= or <= and a number, for example >= 99.5"}
	unitText = pattern{`^.{1,20}$`, "one line of 1 to 20 characters"}
)

func kpiKey(name string, k *KPI) key {
	k.Name = name
	return key{shape: shapeMapping, meaning: "One figure and what it has to reach.", fields: figureKeys(k,
		key{meaning: "PromQL that gives one series. It is the server that finds its mistakes. Nothing found is shown as unknown, never as good or as zero."},
		bindBy(key{name: "target", shape: shapeText, pattern: target, example: `">= 99.5"`,
			meaning: "At least or at most how much it ought to be. Without one nothing is judged."}, func(_ *draft, s *said) { k.Target = targetOf(s.text) }),
		bind(&k.Trend, key{name: "trend", shape: shapeDuration, fallback: "6h", shortest: 5 * time.Minute, longest: 31 * 24 * time.Hour, example: "1d",
			meaning: "How far back its curve goes."}))}
}

// queryKey is a query of a load's limit: what its server would say of it comes late, since it is
// looked at during a run alone.
func queryKey(name string, k *KPI) key {
	k.Name = name
	return key{shape: shapeMapping, meaning: "One figure and what it has to keep.", fields: figureKeys(k,
		key{unsound: unsound, meaning: "PromQL that gives one series: the figure itself, which `target` compares. Its brackets and operators are checked here; what else is wrong with it the server says, in the plan of the run."},
		bindBy(key{name: "target", shape: shapeText, pattern: target, required: true, example: `"<= 80"`,
			meaning: "At least or at most how much it has to be, by its worst value of the run."}, func(_ *draft, s *said) { k.Target = targetOf(s.text) }))}
}

// figureKeys are what every figure of a Prometheus says of itself, with what is particular of
// its query, and more keys.
func figureKeys(k *KPI, query key, more ...key) []key {
	query.name, query.shape, query.required, query.example = "query", shapeBlock, true, `"100 * avg(up)"`
	return append([]key{bind(&k.Query, query),
		prometheusOf(&k.Source, "The Prometheus to ask."),
		bind(&k.Unit, key{name: "unit", shape: shapeText, pattern: unitText, example: `"%"`,
			meaning: "What stands behind the figure."}),
		bind(&k.What, key{name: "what", shape: shapeText, pattern: anyText, example: "share of targets that answer",
			meaning: "What it measures, in words."}),
	}, more...)
}

func pipelineKey(name string, p *Pipeline) key {
	p.Name = name
	return key{shape: shapeMapping, meaning: "One batch run and its window. Its queries are PromQL and give one series each.", fields: []key{
		prometheusOf(&p.Source, "The Prometheus to ask."),
		bind(&p.Window, key{name: "window", shape: shapeDuration, required: true, shortest: time.Minute, longest: 31 * 24 * time.Hour, example: "150m",
			meaning: "How long a run may take."}),
		bind(&p.WindowQuery, key{name: "window_query", shape: shapeBlock, example: `"pipeline_window_seconds"`,
			meaning: "Gives the window in seconds, where the system itself publishes it. `window` serves where it gives nothing."}),
		bind(&p.Running, key{name: "running", shape: shapeBlock, required: true, example: `"pipeline_running"`,
			meaning: "Gives something else than 0 while a run is open."}),
		bind(&p.Started, key{name: "started", shape: shapeBlock, required: true, example: `"pipeline_started_timestamp_seconds"`,
			meaning: "Gives when the run began, in unix seconds."}),
		bind(&p.Done, key{name: "done", shape: shapeBlock, example: `"pipeline_done_ratio"`,
			meaning: "Gives the share of the work that is done, 0 to 1. Without it there is no forecast."}),
		bind(&p.Stage, key{name: "stage", shape: shapeBlock, example: `"pipeline_stage == 1"`,
			meaning: "Gives the series of the stage that the run is in."}),
		bind(&p.StageLabel, key{name: "stage_label", shape: shapeText, pattern: labelName, fallback: "stage", example: "step",
			meaning: "The label of that series which names the stage."}),
	}}
}

func prometheusOf(source *string, meaning string) key {
	return bind(source, key{name: "source", shape: shapeText, pattern: nameOfSource, example: "prometheus",
		meaning: meaning + " May be left out where there is only one."})
}
