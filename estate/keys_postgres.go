package estate

import (
	"time"

	"opsdeck/ops"
)

// dsnText is a connection string in either form of libpq's.
var dsnText = pattern{`^(postgres(ql)?://[^\s]+|[a-z_]+ ?= ?.+)$`, "postgres://user@host:5432/database, or host=... user=... dbname=..., on one line"}

func postgresKeys(p *Postgres) []key {
	actor := new(Login)
	return []key{
		bind(&p.Login.DSN, key{name: "dsn", shape: shapeText, pattern: dsnText, place: inDSN, required: true, example: "postgres://opsdeck@127.0.0.1:5432/postgres",
			meaning: "How the server is reached, as libpq takes it: the server itself, not a pooler, because one connection is held from the start. It holds no password."}),
		bind(&p.Login.Password, secret("password", "The password.")),
		bind(&p.Login.PasswordFile, path("password_file", "A file that holds the password and nothing else.")),
		bind(&p.Login.Passfile, path("passfile", "A password file in libpq's format, in the place of ~/.pgpass.")),
		bindBy(key{name: "actions", shape: shapeMapping, fields: loginKeys(actor, "Who acts. To cancel and terminate, it is granted pg_signal_backend, and pg_monitor, without which it does not see when a session began and so cannot tell it from the next with its pid; for checkpoints pg_checkpoint (15 and later); to switch WAL, EXECUTE on pg_switch_wal()."),
			meaning: "A second login for what changes something, so that the one that reads needs pg_monitor only. Its connection is held from the start too. Without it the first login acts, as far as it may."}, func(d *draft, s *said) { p.Actor, d.said[actor] = actor, s }),
		bind(&p.Every, every("4s")), bind(&p.Timeout, timeout("5s")),
	}
}

// loginKeys are those of a second login on a server.
func loginKeys(l *Login, who string) []key {
	return []key{
		bind(&l.User, key{name: "user", shape: shapeText, pattern: anyText, required: true, example: "opsdeck_actions", meaning: who}),
		bind(&l.Password, secret("password", "The password.")),
		bind(&l.PasswordFile, path("password_file", "A file that holds the password and nothing else.")),
		bind(&l.Passfile, path("passfile", "A password file in libpq's format; where it is left out, the source's.")),
	}
}

func databaseLimitKeys(l *ops.DatabaseLimits) []key {
	span := func(into *time.Duration, name, fallback, example, meaning string) key {
		return bind(into, key{name: name, shape: shapeDuration, fallback: fallback, example: example, shortest: time.Second, longest: 7 * 24 * time.Hour, meaning: meaning})
	}
	return []key{
		bind(&l.Connections, key{name: "connections_percent", shape: shapeNumber, min: 1, max: 100, fallback: "85", example: "70",
			meaning: "From how many percent of the connections that ordinary logins can have they are called nearly exhausted. When none is left, that is critical whatever stands here."}),
		span(&l.Blocked, "blocked", "10s", "1m", "How long a session may wait for a lock. Ten times that is critical."),
		span(&l.IdleInTx, "idle_in_transaction", "2m", "10m", "How long a session may sit in a transaction and do nothing."),
		span(&l.Transaction, "transaction", "1h", "15m", "How long a transaction, and the query in it, may take."),
		span(&l.ReplicaLag, "replica_lag", "1m", "10s", "How far a replica may be behind. Ten times that is critical."),
		bindBy(key{name: "slot_retains_mb", shape: shapeNumber, min: 1, max: 1 << 30, fallback: "1024", example: "5120",
			meaning: "How many MiB of WAL a replication slot may retain."}, func(_ *draft, s *said) { l.SlotRetains = ops.Bytes(s.number) << 20 }),
		span(&l.ArchiveAge, "archive_age", "15m", "5m", "How old the last archived WAL file may be while archiving fails. Beyond that it is critical: so much is lost with the server."),
		bind(&l.FreezeAge, key{name: "freeze_age", shape: shapeNumber, min: 1_000_000, max: 2_000_000_000, fallback: "1000000000", example: "500000000",
			meaning: "How old the oldest transaction id may be. At 2,146 million the server stops taking writes; from 1,600 million on it is critical."}),
	}
}
