package estate

import (
	"time"

	"opsdeck/ops"
)

// libraries are names of shared libraries as shared_preload_libraries takes them.
var libraries = pattern{`^[A-Za-z0-9_./$-]+(,[A-Za-z0-9_./$-]+)*$`, "names of libraries, with commas between and no spaces"}

// drillKey says how restores of a plan are tried.
func drillKey(b *Backup) key {
	d, p := &b.Drill, &b.Plan
	return key{name: "drill", shape: shapeMapping, meaning: "How a restore is tried: into a folder of its own, by a server that nobody else can reach, and taken away again.", fields: []key{
		bind(&d.Scratch, key{name: "scratch", shape: shapeText, pattern: absolutePath, required: true, example: "/var/lib/postgresql/drills",
			meaning: "The folder below which copies are made, best on disks that are not the server's. It belongs to the account that the engine runs as, and to it alone. A copy is as large as the database."}),
		bind(&p.RTO, key{name: "rto", shape: shapeDuration, shortest: time.Second, longest: 30 * 24 * time.Hour, example: "4h",
			meaning: "How long a restore may take. Without this key the time is told and not judged."}),
		bind(&p.Drilled, key{name: "oldest", shape: shapeDuration, shortest: time.Hour, longest: 366 * 24 * time.Hour, example: "8d",
			meaning: "How old the last restore that was tried may be, from each repository. Without this key a restore that was never tried is no finding."}),
		bind(&d.Limit, key{name: "limit", shape: shapeDuration, fallback: "4h", shortest: time.Minute, longest: 7 * 24 * time.Hour, example: "2h",
			meaning: "How long a drill may take; then it is ended, and has failed."}),
		bind(&d.Account, key{name: "account", shape: shapeText, pattern: anyText, fallback: "postgres", example: "postgres",
			meaning: "A superuser of the database, as which the copy is asked."}),
		bind(&d.Programs, key{name: "programs", shape: shapeText, pattern: absolutePath, example: "/usr/lib/postgresql/15/bin",
			meaning: "The folder of the server's programs. Without this key it is looked for where Debian and Red Hat put those of the copy's version."}),
		bind(&d.Preload, key{name: "preload", shape: shapeText, pattern: libraries, example: "timescaledb",
			meaning: "Libraries that the copy loads at its start, because its data cannot be read without them. None of the server's own are."}),
		table(&d.Checks, key{name: "checks", pattern: nameOfThing, example: "{orders: {database: shop, sql: 'SELECT count(*) > 0 FROM orders', want: t}}",
			meaning: "What is asked of a copy, and has to be answered: what `want` says, or what the source answers (`source: true`)."}, checkKey),
	}}
}

func checkKey(name string, c *ops.RestoreCheck) key {
	c.Name = ops.Clean(name)
	return key{shape: shapeMapping, meaning: "One question to a restored copy.", fields: []key{
		bind(&c.Database, key{name: "database", shape: shapeText, pattern: anyText, fallback: "postgres", example: "shop",
			meaning: "The database that is asked."}),
		bind(&c.SQL, key{name: "sql", shape: shapeBlock, required: true, example: "'SELECT count(*) > 0 FROM orders'",
			meaning: "One statement that reads. The first column of its first row is the answer."}),
		bind(&c.Want, key{name: "want", shape: shapeText, pattern: anyText, example: "t",
			meaning: "The answer, as PostgreSQL writes it: `t` for true."}),
		bind(&c.Source, key{name: "source", shape: shapeFlag, fallback: "false", example: "true",
			meaning: "In the place of `want`: the plan's database is asked too, as the login that reads it, at the point of its WAL that the copy then goes to, and the drill fails where the two differ. On a busy server it is asked before the point and behind it; where these answers differ, however often it is tried, the copy's has to lie between the two, which have to be numbers or times. Only what grows or stands still can be compared: rows that come and go may have been otherwise at the point than before and behind it, and where others commit at that moment, an answer that differs is told as not proved. Ask for nothing that is not in the WAL (unlogged tables), that runs ahead (sequences) or that depends on who asks and when (`now()`), and name tables with their schema."}),
	}}
}

// asked checks that each question of a drill has one answer that it must get.
func (d *draft) asked(b *Backup) {
	for i := range b.Drill.Checks {
		c := &b.Drill.Checks[i]
		at := d.of(c)
		want, source := d.of(&c.Want), d.of(&c.Source)
		switch {
		case at == nil:
		case want != nil && c.Source:
			d.tell(source.place, source.where, "the answer that is wanted is said too", "leave out one of the two: want, or source")
		case c.Source && b.Plan.Database.Empty():
			d.tell(source.place, source.where, "there is no source that could be asked", "name the PostgreSQL source of the database: database, or say which answer is wanted: want")
		case want == nil && !c.Source:
			d.tell(at.entry, at.where, "it does not say which answer is wanted", "say want: VALUE; or source: true, to have what the source answers")
		}
	}
}
