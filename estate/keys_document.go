package estate

import (
	"time"

	"opsdeck/ops"
)

// Names, as they may stand in a path, a reference and a command line.
var (
	nameOfEstate    = pattern{`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`, "letters, digits, dot, dash and underscore, at most 63, the first a letter or digit"}
	nameOfSource    = nameOfEstate
	nameOfThing     = nameOfEstate
	nameOfContainer = pattern{`^[A-Za-z0-9][A-Za-z0-9_.-]{0,253}$`, "a container name as Docker takes it: letters, digits, dot, dash and underscore, the first a letter or digit"}
	nameGlob        = pattern{`^[A-Za-z0-9_.*?-]{1,253}$`, "a container name in which * and ? may stand for any characters"}
	anyText         = pattern{`^.{1,200}$`, "one line of 1 to 200 characters"}
	anyLabelName    = pattern{`^\S(.{0,198}\S)?$`, "a label name: 1 to 200 characters of any script, no space at either end"}
	loopback        = pattern{`^(127\.0\.0\.1|\[::1\]):[1-9]\d{0,4}$`, "127.0.0.1 or [::1], a colon and a port"}
	labelName       = pattern{`^[A-Za-z_][A-Za-z0-9_]*$`, "a label name: letters, digits and underscore, the first not a digit"}
)

// document describes a whole estate file, bound to a draft.
func document(d *draft) key {
	e := &d.Estate
	return key{shape: shapeMapping, meaning: "An estate: what opsdeck looks after.", fields: []key{
		{name: "extends", shape: shapeText, literal: true, pattern: pattern{`^[^$]{1,1000}$`, "a shipped name or a path, without $"}, example: "./base.yaml",
			meaning: "A shipped estate, or a file relative to this one, that this file builds on. What follows overrides it key by key: maps merge, scalars and lists replace, `null` removes an entry."},
		bind(&e.Name, key{name: "estate", shape: shapeText, pattern: nameOfEstate, required: true, example: "shop-production",
			meaning: "The name of the estate, as the frame, the history and the state folder carry it."}),
		bind(&e.Environment, key{name: "environment", shape: shapeWord, words: []string{"production", "staging", "development"}, fallback: "production", example: "staging",
			meaning: "Production is read-only until it is unlocked, and asks for a reason. What says nothing is production."}),
		bindBy(key{name: "sources", shape: shapeTable, required: true, filled: true, pattern: nameOfSource, elem: sourceKey(),
			meaning: "The servers that are read, by a name of your choice."}, fillSources),
		table(&e.Ranks, key{name: "severities", filled: true, pattern: anyText, example: "{page: critical, ticket: medium}",
			fallback: "{critical: critical, high: high, medium: medium, info: info}",
			meaning:  "The severity words of the alert rules, each with its rank. A word that is not listed has no rank and still asks for attention."}, severityKey),
		bind(&e.SeverityLabel, key{name: "severity_label", shape: shapeText, pattern: anyLabelName, fallback: "severity", example: "priority",
			meaning: "The alert label that holds the severity word."}),
		bind(&e.Watchdog, key{name: "watchdog", shape: shapeText, pattern: anyText, example: "Watchdog",
			meaning: "The alert that always fires. When it is missing, a quiet alert list proves nothing and is shown so. Without this key nobody looks for one."}),
		table(&e.Expected, key{name: "containers", pattern: nameOfContainer,
			meaning: "The containers of the estate, by name; a service of compose also as PROJECT-SERVICE, whatever numbers its containers have. A missing one is a row of its own."}, containerKey),
		table(&d.services, key{name: "services", pattern: nameOfThing,
			meaning: "What is behind an alert. An alert belongs to the first service here that matches it; what a file adds to the one it extends comes last."}, serviceKey),
		table(&d.runbooks, key{name: "runbooks", pattern: nameOfThing,
			meaning: "What to do, by a name of your choice. An alert whose annotation `runbook` holds such a name, and that has no `runbook_url`, means this one."}, runbookKey),
		list(&e.Escalation, key{name: "escalation",
			meaning: "Whom to call, level by level."}, escalationKey),
		table(&d.KPIs, key{name: "kpis", pattern: nameOfThing,
			meaning: "Figures that are measured against a target, shown in this order."}, kpiKey),
		table(&d.Pipelines, key{name: "pipelines", pattern: nameOfThing,
			meaning: "Batch runs that have to end within a window."}, pipelineKey),
		table(&d.Backups, key{name: "backups", pattern: nameOfSource,
			meaning: "The backup plans, by a name of your choice that no source has."}, backupKey),
		table(&d.Loads, key{name: "loads", pattern: nameOfThing,
			meaning: "Load scenarios, by a name of your choice: what is sent to what, how fast, and what its figures have to keep."}, scenarioKey),
		bind(&d.Metrics, key{name: "metrics", shape: shapeText, pattern: loopback, example: "127.0.0.1:9095",
			meaning: "Where the system agent tells Prometheus how it, its sources and the backups stand, at /metrics. This machine only: there is no login. Without this key, nowhere."}),
		{name: "access", shape: shapeMapping, always: true, meaning: "Who may what.", fields: accessKeys(&e.Access)},
		{name: "limits", shape: shapeMapping, always: true, meaning: "The thresholds of judgement.", fields: limitKeys(&e.Limits)},
	}}
}

func every(fallback string) key {
	return key{name: "every", shape: shapeDuration, fallback: fallback, example: "30s", shortest: time.Second, longest: time.Hour,
		meaning: "How often the source is asked."}
}

func timeout(fallback string) key {
	return key{name: "timeout", shape: shapeDuration, fallback: fallback, example: "2s", shortest: 100 * time.Millisecond, longest: 10 * time.Minute,
		meaning: "How long one answer may take. Not longer than `every`; the default is shortened to it."}
}

func containerKey(name string, e *ops.Expected) key {
	e.Name = ops.Clean(name)
	return key{shape: shapeMapping, meaning: "One expected container.", fields: []key{
		bind(&e.Source, key{name: "source", shape: shapeText, pattern: nameOfSource, example: "docker",
			meaning: "The Docker source it runs on. May be left out where there is only one."}),
		bind(&e.Duty, key{name: "duty", shape: shapeWord, words: []string{"service", "job", "optional"}, fallback: "service", example: "job",
			meaning: "What it is for. A `service` ought to run. A `job` ought to end with 0: one that never ran, or is not there, is a warning. What is `optional` may be stopped or away, and is no fault unless it fails."}),
		bind(&e.Port, key{name: "port", shape: shapeNumber, min: 1, max: 65535, example: "8000",
			meaning: "The port it is expected to answer on."}),
	}}
}

func accessKeys(a *ops.Access) []key {
	roles := []string{"viewer", "operator", "admin"}
	return []key{
		bind(&a.Default, key{name: "default", shape: shapeWord, words: roles, fallback: "viewer", example: "viewer",
			meaning: "The role of everybody whom no grant names. A viewer reads; an operator runs safe and disruptive actions; an admin also destructive ones."}),
		list(&a.Grants, key{name: "grants", meaning: "Roles given to people. Who matches several has the best."}, func(g *ops.Grant) key {
			return key{shape: shapeMapping, meaning: "One grant: a role, and exactly one of user, group and key.", exactly: choice{[]string{"user", "group", "key"}, "names nobody", "write two entries for two"}, fields: []key{
				bind(&g.User, key{name: "user", shape: shapeText, pattern: anyText, example: "ana", meaning: "A login name, as the kernel tells it."}),
				bind(&g.Group, key{name: "group", shape: shapeText, pattern: anyText, example: "opsdeck", meaning: "A unix group."}),
				bind(&g.Key, key{name: "key", shape: shapeText, pattern: anyText, example: "ana", meaning: "An ssh key of a shared account, as `opsdeck gate --key` names it."}),
				bind(&g.Role, key{name: "role", shape: shapeWord, words: roles, required: true, example: "operator", meaning: "The role."}),
			}}
		}),
		bind(&a.Shared, key{name: "shared", shape: shapeList, meaning: "Unix accounts that several people share by ssh keys of their own. Name only accounts that get `opsdeck gate` and nothing else: of these the name of the key is believed.",
			elem: &key{shape: shapeText, pattern: anyText, example: "oncall", meaning: "A login name."}}),
	}
}

func severityKey(name string, s *ops.SeverityRank) key {
	s.Name = ops.Clean(name)
	return bind(&s.Rank, key{shape: shapeWord, words: []string{"critical", "high", "medium", "info"}, meaning: "The rank of this severity word."})
}

func limitKeys(l *ops.Limits) []key {
	return []key{
		bind(&l.StaleAfter, key{name: "stale_after", shape: shapeNumber, min: 1, max: 100, fallback: "3", example: "5",
			meaning: "How many missed intervals make a source stale."}),
		bind(&l.CrashLoop, key{name: "crash_loop", shape: shapeNumber, min: 2, max: 100, fallback: "3", example: "5",
			meaning: "How many deaths within `crash_window` are a crash loop."}),
		bind(&l.CrashWindow, key{name: "crash_window", shape: shapeDuration, fallback: "5m", example: "10m", shortest: 10 * time.Second, longest: time.Hour,
			meaning: "The window in which deaths are counted. Deaths are remembered for an hour."}),
		bind(&l.Starting, key{name: "starting", shape: shapeDuration, fallback: "5m", example: "15m", shortest: 10 * time.Second, longest: 24 * time.Hour,
			meaning: "How long the health check of a container may fail within its start period before that is a warning."}),
		bind(&l.Mark, key{name: "mark", shape: shapeDuration, fallback: "1h", example: "2h", shortest: time.Minute, longest: 7 * 24 * time.Hour,
			meaning: "How long what happened to a container stays marked at the least, acked or not."}),
		bind(&l.Unacked, key{name: "unacked", shape: shapeDuration, fallback: "7d", example: "1d", shortest: time.Minute, longest: 30 * 24 * time.Hour,
			meaning: "How long it stays marked at the most while nobody acks it; never shorter than `mark`."}),
		bind(&l.Unlock, key{name: "unlock", shape: shapeDuration, fallback: "15m", example: "5m", shortest: time.Minute, longest: 8 * time.Hour,
			meaning: "How long production stays unlocked."}),
		{name: "database", shape: shapeMapping, always: true, meaning: "The thresholds of databases.", fields: databaseLimitKeys(&l.Database)},
	}
}
