package ops

import "time"

// Indicators are what one Prometheus measures of the business: KPIs against their
// targets and pipelines against their windows.
type Indicators struct {
	KPIs      []KPI      `json:"kpis"`
	Pipelines []Pipeline `json:"pipelines"`
}

// KPI is one measured indicator against its target.
type KPI struct {
	Name   Text   `json:"name"`
	What   Text   `json:"what,omitzero"`
	Unit   Text   `json:"unit,omitzero"`
	Source Text   `json:"source"` // the Prometheus that was asked
	Query  Text   `json:"query,omitzero"`
	Value  Value  `json:"value"` // unknown where the query gave nothing
	Target Target `json:"target"`
	// Trend is the value over the last hours, oldest first.
	Trend []Point `json:"trend,omitempty"`
	// Load is the scenario for whose limit alone it is asked; empty: it is everybody's.
	Load Text `json:"load,omitzero"`
	// Series is how many series the query gave, where there were more than the one that counts.
	Series int       `json:"series,omitzero"`
	At     time.Time `json:"at,omitzero"`
	Why    Text      `json:"why,omitzero"` // why there is no value
	Level  Level     `json:"level"`        // filled by judge
}

// Limited is what the indicator of a limit of a scenario is now, its own or everybody's; not
// known: why.
func (b Board) Limited(s LoadScenario, l LoadLimit) (Value, Text) {
	why := Lit("it was not asked for yet")
	for _, r := range b.Indicators {
		for _, k := range r.Value.KPIs {
			switch {
			case k.Name != l.Indicator || !k.Load.Empty() && k.Load != s.Name:
			case !r.Fresh():
				why = Textf("%s is %s", r.Source, r.State)
			case k.Series > 1:
				why = Textf("the query gives %d series, and a limit is of one", k.Series)
			case !k.Value.Known:
				why = k.Why
			default:
				return k.Value, Text{}
			}
		}
	}
	return Value{}, why
}

// Target is what a KPI has to reach: at least or at most a limit.
type Target struct {
	AtLeast bool    `json:"at_least"`
	Limit   float64 `json:"limit"`
	Known   bool    `json:"known"`
}

// Met reports whether v reaches the target.
func (t Target) Met(v float64) bool {
	if t.AtLeast {
		return v >= t.Limit
	}
	return v <= t.Limit
}

// Pipeline is a batch run against the window it has to end in.
type Pipeline struct {
	Name    Text          `json:"name"`
	Source  Text          `json:"source"`
	Window  time.Duration `json:"window"`
	Running bool          `json:"running"`
	Started time.Time     `json:"started,omitzero"`
	Done    Value         `json:"done"` // share of the work, 0 to 1
	Stage   Text          `json:"stage,omitzero"`
	// Forecast is when it ends at this pace; zero where nobody can tell.
	Forecast time.Time `json:"forecast,omitzero"`
	At       time.Time `json:"at,omitzero"`
	Why      Text      `json:"why,omitzero"`
	Verdict  Verdict   `json:"verdict"`
}
