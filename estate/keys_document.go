package estate

import "time"

// Names, as they may stand in a path, a reference and a command line.
var (
	nameOfEstate    = pattern{`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`, "letters, digits, dot, dash and underscore, at most 63, the first a letter or digit"}
	nameOfSource    = nameOfEstate
	nameOfThing     = nameOfEstate
	nameOfContainer = pattern{`^[A-Za-z0-9][A-Za-z0-9_.-]{0,253}$`, "a container name as Docker takes it: letters, digits, dot, dash and underscore, the first a letter or digit"}
	anyText         = pattern{`^.{1,200}$`, "one line of 1 to 200 characters"}
	labelName       = pattern{`^[A-Za-z_][A-Za-z0-9_]*$`, "a label name: letters, digits and underscore, the first not a digit"}
)

// document describes a whole estate file.
func document() key {
	return key{shape: shapeMapping, meaning: "An estate: what opsdeck looks after.", fields: []key{
		{name: "extends", shape: shapeText, literal: true, pattern: pattern{`^[^$]{1,1000}$`, "a shipped name or a path, without $"}, example: "./base.yaml",
			meaning: "A shipped estate, or a file relative to this one, that this file builds on. What follows overrides it key by key: maps merge, scalars and lists replace, `null` removes an entry."},
		{name: "estate", shape: shapeText, pattern: nameOfEstate, required: true, example: "shop-production",
			meaning: "The name of the estate, as the frame, the history and the state folder carry it."},
		{name: "environment", shape: shapeWord, words: []string{"production", "staging", "development"}, fallback: "production", example: "staging",
			meaning: "Production is read-only until it is unlocked, and asks for a reason. What says nothing is production."},
		{name: "sources", shape: shapeTable, required: true, filled: true, pattern: nameOfSource, elem: sourceKey(),
			meaning: "The servers that are read, by a name of your choice."},
		{name: "severities", shape: shapeTable, filled: true, pattern: anyText, example: "{page: critical, ticket: medium}",
			fallback: "{critical: critical, high: high, medium: medium, info: info}",
			elem:     &key{shape: shapeWord, words: []string{"critical", "high", "medium", "info"}, meaning: "The rank of this severity word."},
			meaning:  "The severity words of the alert rules, each with its rank. A word that is not listed has no rank and still asks for attention."},
		{name: "severity_label", shape: shapeText, pattern: labelName, fallback: "severity", example: "priority",
			meaning: "The alert label that holds the severity word."},
		{name: "watchdog", shape: shapeText, pattern: anyText, example: "Watchdog",
			meaning: "The alert that always fires. When it is missing, a quiet alert list proves nothing and is shown so. Without this key nobody looks for one."},
		{name: "containers", shape: shapeTable, pattern: nameOfContainer, elem: containerKey(),
			meaning: "The containers that ought to run. A missing one is a row of its own."},
		{name: "services", shape: shapeTable, pattern: nameOfThing, elem: serviceKey(),
			meaning: "What is behind an alert. An alert belongs to the first service here that matches it; what a file adds to the one it extends comes last."},
		{name: "runbooks", shape: shapeTable, pattern: nameOfThing, elem: runbookKey(),
			meaning: "What to do, by a name of your choice. An alert whose annotation `runbook` holds such a name, and that has no `runbook_url`, means this one."},
		{name: "escalation", shape: shapeList, elem: escalationKey(),
			meaning: "Whom to call, level by level."},
		{name: "kpis", shape: shapeTable, pattern: nameOfThing, elem: kpiKey(),
			meaning: "Figures that are measured against a target, shown in this order."},
		{name: "pipelines", shape: shapeTable, pattern: nameOfThing, elem: pipelineKey(),
			meaning: "Batch runs that have to end within a window."},
		{name: "access", shape: shapeMapping, always: true, meaning: "Who may what.", fields: accessKeys()},
		{name: "limits", shape: shapeMapping, always: true, meaning: "The thresholds of judgement.", fields: limitKeys()},
	}}
}

func sourceKey() *key {
	return &key{shape: shapeMapping, meaning: "One server.", fields: []key{
		{name: discriminator, shape: shapeWord, words: []string{"prometheus", "docker", "alertmanager", "postgres"}, required: true, example: "docker",
			meaning: "What sort of server it is."},
		{name: "optional", shape: shapeFlag, fallback: "false", example: "true",
			meaning: "Whether the whole may be called ok while this source cannot be read. A required source that is unreadable makes the whole unknown."},
	}, variants: []variant{
		{word: "prometheus", fields: []key{
			{name: "url", shape: shapeAddress, required: true, example: "http://127.0.0.1:9090", address: address{schemes: []string{"http", "https"}, bare: true},
				meaning: "Where Prometheus answers, with the path prefix where it has one. User and password stand in http_config."},
			every("10s"), timeout("3s"), httpConfigKey(),
		}},
		{word: "docker", fields: []key{
			{name: "host", shape: shapeAddress, fallback: "unix:///var/run/docker.sock", example: "ssh://ops@10.0.0.5", address: address{schemes: []string{"unix", "tcp", "ssh"}, bare: true},
				meaning: "The daemon's socket. ssh://user@host runs `docker system dial-stdio` there over the system's ssh, with the keys of the user who runs the agent. tcp:// without `tls_config` is neither encrypted nor authenticated, and whoever reaches it is root there."},
			tlsKey("How a tcp:// daemon is spoken to by TLS. Without it the certificates are those the docker command would take: `DOCKER_CERT_PATH`, `DOCKER_TLS_VERIFY`."),
			cadvisorKey(), every("15s"), timeout("5s"),
		}},
		{word: "alertmanager", exactly: choice{[]string{"url", "peers"}, "has no address", "null removes an inherited one"}, fields: []key{
			{name: "url", shape: shapeAddress, example: "http://127.0.0.1:9093", address: address{schemes: []string{"http", "https"}, bare: true},
				meaning: "Where Alertmanager answers, with the path prefix where it has one."},
			{name: "peers", shape: shapeTable, filled: true, pattern: nameOfSource, example: `{a: "http://10.0.0.1:9093", b: "http://10.0.0.2:9093"}`,
				elem:    &key{shape: shapeAddress, example: "http://10.0.0.1:9093", address: address{schemes: []string{"http", "https"}, bare: true}, meaning: "Where this member answers."},
				meaning: "The members of a cluster, by names of your choice. They are read as one; each is asked, because each may know what the others do not."},
			every("10s"), timeout("3s"), httpConfigKey(),
		}},
		{word: "postgres", fields: postgresKeys()},
	}}
}

func cadvisorKey() key {
	return key{name: "cadvisor", shape: shapeMapping, meaning: "cAdvisor of this host, scraped by a Prometheus: CPU and memory are taken from there, and the daemon is asked only for what it does not know.", fields: []key{
		prometheusOf("The Prometheus that scrapes it."),
		{name: "match", shape: shapeTable, filled: true, pattern: labelName, example: `{instance: "10.0.0.5:8080"}`,
			elem:    &key{shape: shapeText, pattern: anyText, example: "cadvisor", meaning: "The value this label has to have."},
			meaning: "The labels of this host's series. Without it the series of every host that has a container of the same name are added up."},
	}}
}

func httpConfigKey() key {
	return key{name: "http_config", shape: shapeMapping, fields: httpKeys(),
		meaning: "How to connect and to log in: the `http_config` of Prometheus's own configuration."}
}

func every(fallback string) key {
	return key{name: "every", shape: shapeDuration, fallback: fallback, example: "30s", shortest: time.Second, longest: time.Hour,
		meaning: "How often the source is asked."}
}

func timeout(fallback string) key {
	return key{name: "timeout", shape: shapeDuration, fallback: fallback, example: "2s", shortest: 100 * time.Millisecond, longest: 10 * time.Minute,
		meaning: "How long one answer may take. Not longer than `every`; the default is shortened to it."}
}

func containerKey() *key {
	return &key{shape: shapeMapping, meaning: "One expected container.", fields: []key{
		{name: "source", shape: shapeText, pattern: nameOfSource, example: "docker",
			meaning: "The Docker source it runs on. May be left out where there is only one."},
		{name: "port", shape: shapeNumber, min: 1, max: 65535, example: "8000",
			meaning: "The port it is expected to answer on."},
	}}
}

func accessKeys() []key {
	roles := []string{"viewer", "operator", "admin"}
	return []key{
		{name: "default", shape: shapeWord, words: roles, fallback: "viewer", example: "viewer",
			meaning: "The role of everybody whom no grant names. A viewer reads; an operator runs safe and disruptive actions; an admin also destructive ones."},
		{name: "grants", shape: shapeList, meaning: "Roles given to people. Who matches several has the best.",
			elem: &key{shape: shapeMapping, meaning: "One grant: a role, and exactly one of user, group and key.", exactly: choice{[]string{"user", "group", "key"}, "names nobody", "write two entries for two"}, fields: []key{
				{name: "user", shape: shapeText, pattern: anyText, example: "ana", meaning: "A login name, as the kernel tells it."},
				{name: "group", shape: shapeText, pattern: anyText, example: "opsdeck", meaning: "A unix group."},
				{name: "key", shape: shapeText, pattern: anyText, example: "ana", meaning: "An ssh key of a shared account, as `opsdeck gate --key` names it."},
				{name: "role", shape: shapeWord, words: roles, required: true, example: "operator", meaning: "The role."},
			}}},
		{name: "shared", shape: shapeList, meaning: "Unix accounts that several people share by ssh keys of their own. Name only accounts that get `opsdeck gate` and nothing else: of these the name of the key is believed.",
			elem: &key{shape: shapeText, pattern: anyText, example: "oncall", meaning: "A login name."}},
	}
}

func limitKeys() []key {
	return []key{
		{name: "stale_after", shape: shapeNumber, min: 1, max: 100, fallback: "3", example: "5",
			meaning: "How many missed intervals make a source stale."},
		{name: "crash_loop", shape: shapeNumber, min: 2, max: 100, fallback: "3", example: "5",
			meaning: "How many deaths within `crash_window` are a crash loop."},
		{name: "crash_window", shape: shapeDuration, fallback: "5m", example: "10m", shortest: 10 * time.Second, longest: time.Hour,
			meaning: "The window in which deaths are counted. Deaths are remembered for an hour."},
		{name: "mark", shape: shapeDuration, fallback: "1h", example: "2h", shortest: time.Minute, longest: 7 * 24 * time.Hour,
			meaning: "How long what happened to a container stays marked at the least, acked or not."},
		{name: "unacked", shape: shapeDuration, fallback: "7d", example: "1d", shortest: time.Minute, longest: 30 * 24 * time.Hour,
			meaning: "How long it stays marked at the most while nobody acks it; never shorter than `mark`."},
		{name: "unlock", shape: shapeDuration, fallback: "15m", example: "5m", shortest: time.Minute, longest: 8 * time.Hour,
			meaning: "How long production stays unlocked."},
		{name: "database", shape: shapeMapping, always: true, meaning: "The thresholds of databases.", fields: databaseLimitKeys()},
	}
}
