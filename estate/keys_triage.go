package estate

import (
	"time"

	"opsdeck/ops"
)

func serviceKey(name string, e *serviceEntry) key {
	e.name = name
	return key{shape: shapeMapping, meaning: "One service: which alerts are its own, and what may be their cause.", fields: []key{
		bindBy(key{name: "match", shape: shapeTable, filled: true, pattern: anyLabelName, example: "{job: web}",
			elem:    &key{shape: shapeText, pattern: anyText, example: "web", meaning: "The value this label has to have."},
			or:      &key{shape: shapeBlock, example: `'service=~"web.*"'`, meaning: "Matchers as Alertmanager writes them."},
			meaning: "Which alerts belong to it: labels with their values, or matchers as Alertmanager writes them. All have to match. Where it is left out, the label `service` has to be this entry's name."}, e.match),
		bind(&e.containers, key{name: "container", shape: shapeList, elem: &key{shape: shapeText, pattern: nameOfContainer, example: "web", meaning: "One container."},
			or:      &key{shape: shapeText, pattern: nameOfContainer, example: "web", meaning: "The one container."},
			example: "[web, web-cache]",
			meaning: "The containers that may be the cause. Where it is left out, the expected container of this entry's name, if there is one."}),
		bind(&e.databases, key{name: "database", shape: shapeList, elem: &key{shape: shapeText, pattern: nameOfSource, example: "postgres", meaning: "One PostgreSQL source."},
			or:      &key{shape: shapeText, pattern: nameOfSource, example: "postgres", meaning: "The one PostgreSQL source."},
			example: "[postgres]",
			meaning: "The PostgreSQL sources that may be the cause."}),
		bind(&e.source, key{name: "source", shape: shapeText, pattern: nameOfSource, example: "docker",
			meaning: "The Docker source its containers run on. Where it is left out, they have to be among `containers`, which says it."}),
		bind(&e.runbook, key{name: "runbook", shape: shapeText, pattern: nameOfThing, example: "service-down",
			meaning: "The runbook for those of its alerts that have none of their own."}),
	}}
}

func runbookKey(name string, e *runbookEntry) key {
	e.name = name
	return key{shape: shapeMapping, meaning: "One procedure in Markdown.",
		exactly: choice{[]string{"file", "text"}, "says nothing", "null removes an inherited one"}, fields: []key{
			bind(&e.alert, key{name: "alert", shape: shapeText, pattern: anyText, example: "WebDown",
				meaning: "The alert it is for. Without one it is found by its name only."}),
			bind(&e.file, key{name: "file", shape: shapePath, inside: true, example: "runbooks/web-down.md",
				meaning: "A Markdown file, at most 64 KiB. `shipped:` before a name means a file inside the program."}),
			bind(&e.text, key{name: "text", shape: shapeBlock, example: `"1. Look at its log."`,
				meaning: "The procedure itself."}),
		}}
}

func escalationKey(e *ops.Escalation) key {
	return key{shape: shapeMapping, meaning: "One level. The first is who is called first.", fields: []key{
		bind(&e.Level, key{name: "level", shape: shapeNumber, min: 1, max: 9, required: true, example: "1",
			meaning: "Its number."}),
		bind(&e.Name, key{name: "name", shape: shapeText, pattern: anyText, required: true, example: "Operations team",
			meaning: "What it is called."}),
		bind(&e.Who, key{name: "who", shape: shapeList, elem: &key{shape: shapeText, pattern: anyText, example: "Ana", meaning: "One person or role."},
			or:      &key{shape: shapeText, pattern: anyText, example: "Ana", meaning: "The one person or role."},
			example: "[Ana, Ben]",
			meaning: "The people or roles on it."}),
		bind(&e.Contact, key{name: "contact", shape: shapeText, pattern: anyText, example: "+44 20 7946 0123",
			meaning: "How to reach them. Everybody who may read the estate sees it."}),
		bind(&e.For, key{name: "for", shape: shapeText, pattern: anyText, example: "infrastructure issues",
			meaning: "What belongs to it."}),
		bind(&e.After, key{name: "after", shape: shapeDuration, shortest: time.Minute, longest: 24 * time.Hour, example: "15m",
			meaning: "How long to wait for an answer before the next level is called."}),
	}}
}
