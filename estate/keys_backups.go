package estate

import (
	"time"

	"opsdeck/ops"
)

var (
	stanzaName   = pattern{`^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$`, "the name of a stanza: letters, digits, dash, dot and underscore"}
	absolutePath = pattern{`^/[^\s]+$`, "an absolute path without spaces"}
	account      = pattern{`^[a-z_][a-z0-9_.-]{0,31}$`, "a login name"}
	program      = pattern{`^(/[^\s]+|[A-Za-z0-9._+-]+)$`, "a program's name, or its absolute path without spaces"}
	regionName   = pattern{`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`, "letters, digits, dot, dash and underscore"}
)

func backupKey(name string, b *Backup) key {
	b.Name, b.Plan.Name = name, ops.Clean(name)
	p := &b.Plan
	pgBackRest, own := ops.EnginePgBackRest.String(), ops.EngineBaseBackup.String()
	return key{shape: shapeMapping, by: "engine", meaning: "One backup plan: which database, by which engine, to where, and what is asked of it.", fields: []key{
		bind(&p.Engine, key{name: "engine", shape: shapeWord, words: []string{pgBackRest, own}, required: true, example: own,
			meaning: "What makes the backups: pgBackRest, or PostgreSQL's own pg_basebackup and pg_receivewal, which need a login that may replicate and nothing on the server's host."}),
		bind(&p.Database, key{name: "database", shape: shapeText, pattern: nameOfSource, example: "postgres",
			meaning: "The PostgreSQL source that is backed up. May be left out where there is only one; where there is none, what is at risk is not known, and pg_basebackup has nothing to copy."}),
		bind(&p.Regions, key{name: "regions", shape: shapeList, elem: &key{shape: shapeText, pattern: regionName, example: "eu-central-1", meaning: "One region."}, example: "[eu-central-1, eu-west-1]",
			meaning: "The regions that the data may be in. A repository in another one is a critical finding, and no backup is made to it. Without this key any will do."}),
		bind(&p.RPO, key{name: "rpo", shape: shapeDuration, fallback: "15m", shortest: time.Second, longest: 7 * 24 * time.Hour, example: "5m",
			meaning: "How much may be lost: how long what was written may be in no repository."}),
		oldestKey(p),
		bind(&p.Replication, key{name: "replication", shape: shapeDuration, shortest: time.Second, longest: 30 * 24 * time.Hour, example: "30m",
			meaning: "How far one repository may be behind another in its WAL, and how long it may be away, before that is found: what is lost where only that one is left. Without this key it is told and not judged."}),
		bind(&p.Tell, key{name: "tell", shape: shapeText, pattern: nameOfSource, example: "alertmanager",
			meaning: "The Alertmanager source that a system agent posts what is found of this plan to, as alerts, each minute until it is over. Without this key, none."}),
		drillKey(b),
		{name: "optional", shape: shapeFlag, fallback: "false", example: "true", fill: func(_ *draft, v *said) { b.Required = !v.flag },
			meaning: "Whether the whole may be called ok while this plan cannot be read."},
		bind(&b.Every, every("1m")), bind(&b.Timeout, timeout("1m")),
	}, variants: []variant{{word: pgBackRest, fields: pgBackRestKeys(b)}, {word: own, fields: baseBackupKeys(&b.Base)}}}
}

func pgBackRestKeys(b *Backup) []key {
	return []key{
		bind(&b.Stanza, key{name: "stanza", shape: shapeText, pattern: stanzaName, required: true, example: "main",
			meaning: "What pgBackRest's configuration calls this cluster."}),
		bind(&b.Command, key{name: "command", shape: shapeText, pattern: program, fallback: "pgbackrest", example: "/usr/bin/pgbackrest",
			meaning: "The program."}),
		bind(&b.Config, key{name: "config", shape: shapeText, pattern: absolutePath, example: "/etc/pgbackrest/pgbackrest.conf",
			meaning: "pgBackRest's configuration file, as the account that it runs as sees it. Without it pgBackRest looks where it always does."}),
		bind(&b.RunAs, key{name: "run_as", shape: shapeText, pattern: account, example: "postgres",
			meaning: "The account that the engine runs as. Where that is not the agent's own, the agent calls `sudo -n -u ACCOUNT`, which has to be allowed for it."}),
		table(&b.Plan.Repositories, key{name: "repositories", filled: true, required: true, pattern: nameOfThing, example: "{local: {number: 1}, s3: {number: 2, region: eu-central-1}}",
			meaning: "Where the backups go, by names of your choice."}, repositoryKey),
	}
}

// slotName is what PostgreSQL takes for one.
var slotName = pattern{`^[a-z0-9_]{1,63}$`, "a replication slot's name: small letters, digits and underscore"}

func baseBackupKeys(b *BaseBackup) []key {
	login := new(Login)
	return []key{
		bind(&b.Folder, key{name: "folder", shape: shapeText, pattern: absolutePath, required: true, example: "/backup/main",
			meaning: "The folder of the backups and the WAL, for this plan alone. The agent's account has to be able to write there; it is not the server's host, or it is lost with it."}),
		bind(&b.Region, key{name: "region", shape: shapeText, pattern: regionName, example: "eu-central-1",
			meaning: "The region that the folder is in."}),
		bind(&b.Slot, key{name: "slot", shape: shapeText, pattern: slotName, example: "opsdeck_main",
			meaning: "The replication slot by which the system agent receives the WAL. Without it no WAL is kept: what was written after the last backup is at risk."}),
		bind(&b.Programs, key{name: "programs", shape: shapeText, pattern: absolutePath, example: "/usr/lib/postgresql/17/bin",
			meaning: "The folder of pg_basebackup, pg_receivewal and pg_verifybackup. They may be newer than the server and not older. Without it the newest of the usual places are taken."}),
		{name: "retention", shape: shapeMapping, meaning: "What a prune keeps: what either of these holds. Without it nothing can be pruned.", fields: []key{
			bind(&b.Keep, key{name: "backups", shape: shapeNumber, min: 1, max: 1000, example: "3",
				meaning: "So many of the newest backups that are good."}),
			bind(&b.KeepAge, key{name: "age", shape: shapeDuration, shortest: time.Hour, longest: 10 * 366 * 24 * time.Hour, example: "14d",
				meaning: "All from which any moment of so long can be restored: those that are younger, and the newest good one that is older."}),
		}},
		bindBy(key{name: "login", shape: shapeMapping, fields: loginKeys(login, "Who makes the backups: a login with REPLICATION, and a line in pg_hba.conf for the database `replication`."),
			meaning: "The login that backups are made by. Without it, it is the one that reads the database."}, func(d *draft, s *said) { b.Login, d.said[login] = login, s }),
	}
}

func repositoryKey(name string, r *ops.RepositoryPlan) key {
	r.Name = ops.Clean(name)
	return key{shape: shapeMapping, meaning: "One repository.", fields: []key{
		bind(&r.Key, key{name: "number", shape: shapeNumber, min: 1, max: 256, required: true, example: "1",
			meaning: "Its number in the engine's configuration: N of `repoN-path`."}),
		bind(&r.Where, key{name: "where", shape: shapeText, pattern: anyText, example: "s3://backups/pg",
			meaning: "Where it is, in words for people. It holds no secret: everybody who may read the estate sees it."}),
		bind(&r.Region, key{name: "region", shape: shapeText, pattern: regionName, example: "eu-central-1",
			meaning: "The region that it is in."}),
		bind(&r.Keys, key{name: "keys", shape: shapeText, pattern: anyText, example: `"vault kv/dr/pgbackrest"`,
			meaning: "Where its keys are kept (cipher pass, keys of the store) besides on the engine's host, in words for people, which are printed with each procedure. Never a key itself. Where a repository needs keys and this says no other place, that is a finding: with the host they are lost, and with them the backups."}),
	}}
}

// oldestKey has one key for each type of backup.
func oldestKey(p *ops.BackupPlan) key {
	k := key{name: "oldest", shape: shapeMapping, meaning: "How old the last good backup may be, by its type; beyond that it is overdue. A full one counts as the others too, a differential as an incremental. What is left out nobody asks for."}
	for _, t := range []ops.BackupType{ops.BackupFull, ops.BackupDifferential, ops.BackupIncremental} {
		k.fields = append(k.fields, key{name: t.String(), shape: shapeDuration, shortest: time.Minute, longest: 366 * 24 * time.Hour, example: "8d",
			meaning: "Of a backup of type " + t.String() + ".", fill: func(_ *draft, v *said) {
				if p.Oldest == nil {
					p.Oldest = map[ops.BackupType]time.Duration{}
				}
				p.Oldest[t] = v.span
			}})
	}
	return k
}
