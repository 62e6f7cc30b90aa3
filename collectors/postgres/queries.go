package postgres

import (
	"time"

	"opsdeck/ops"
)

// How often the parts of a look are asked that need not be asked each time.
const (
	often   = 30 * time.Second // directories of the server
	seldom  = time.Minute      // statistics of tables and statements
	slowest = 5 * time.Minute  // sizes of whole databases
)

// here is the place in the WAL that a server has reached: written by a primary,
// replayed by a standby.
const here = `CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END`

// has is the place up to which a server has the WAL, replayed or not: what it sends to
// those below it, and keeps in slots for them. A standby fetches some from an archive, too.
const has = `CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) ELSE pg_current_wal_lsn() END`

// part is one query of a look.
type part struct {
	name   string        // what it is about, as Missing says it
	needed bool          // it cannot be missing: without it there is no look
	every  time.Duration // 0: with each look
	sql    string
	read   func(*reading, row) error
	forget func(*reading) // what it showed, before it is read again and where it cannot be read
}

// parts are the queries for a server of this version, and of this version of
// pg_stat_statements (0 where there is none). The server comes first: the others are
// read by its clock. Without its sessions a server that is full would seem empty.
func parts(version, statements int, schema string) []part {
	all := []part{
		{name: "server", needed: true, sql: serverSQL, read: readServer, forget: func(*reading) {}},
		{name: "sessions", needed: true, sql: sessionsSQL(version), read: readSession, forget: func(r *reading) { r.out.Sessions = []ops.Session{} }},
		{name: "prepared transactions", sql: preparedSQL, read: readPrepared, forget: func(r *reading) { r.prepared = nil }},
		{name: "connection limits", sql: limitsSQL, read: readLimit, forget: func(r *reading) { r.out.Limits = nil }},
		{name: "WAL receiver", sql: upstreamSQL, read: readUpstream, forget: func(r *reading) { r.out.Upstream, r.streamed, r.replayed = ops.Upstream{}, nil, nil }},
		{name: "replication", sql: replicasSQL, read: readReplica, forget: func(r *reading) { r.out.Replicas = nil }},
		{name: "replication slots", sql: slotsSQL(version), read: readSlot, forget: func(r *reading) { r.out.Slots = nil }},
		{name: "subscriptions", sql: subscriptionsSQL, read: readSubscription, forget: func(r *reading) { r.out.Subscriptions = nil }},
		{name: "archiver", sql: archiverSQL, read: readArchiver, forget: func(r *reading) { r.out.Archiver = ops.Archiver{Ready: r.out.Archiver.Ready} }},
		{name: "cluster", every: seldom, sql: clusterSQL, read: readCluster, forget: func(r *reading) { r.out.Cluster = ops.Cluster{} }},
		{name: "files waiting for the archive", every: often, sql: readySQL, read: readReady, forget: func(r *reading) { r.out.Archiver.Ready = ops.Value{} }},
		{name: "size of pg_wal", every: often, sql: walSizeSQL, read: readWALSize, forget: func(r *reading) { r.out.WAL.Size, r.out.WAL.Growth = ops.Value{}, ops.Value{} }},
		{name: "checkpoints", every: often, sql: checkpointsSQL(version), read: readCheckpoints, forget: func(r *reading) { r.out.Checkpoints = ops.Checkpoints{} }},
		{name: "sizes", every: slowest, sql: sizesSQL, read: readSize, forget: func(r *reading) { r.out.Sizes = nil }},
		{name: "wraparound", every: slowest, sql: freezeSQL, read: readFreeze, forget: func(r *reading) { r.out.Freeze = ops.Freeze{} }},
		{name: "tables", every: seldom, sql: tablesSQL, read: readTable, forget: func(r *reading) { r.out.Tables = nil }},
		{name: "rights", every: seldom, sql: rightsSQL(version), read: readRights, forget: func(r *reading) { r.out.Rights = ops.Rights{} }},
		{name: "pg_stat_statements", every: slowest, sql: extensionSQL, read: readExtension, forget: func(r *reading) { r.ext = extension{} }},
	}
	if statements > 0 {
		all = append(all, part{name: "statements", every: seldom, sql: statementsSQL(statements, schema), read: readStatement, forget: func(r *reading) { r.out.Statements = nil }})
	}
	return all
}

// serverSQL is one row. reserved_connections came with 16: missing reads as 0. The timeline
// is that of the position in the same row: the control file's is one behind after a failover.
const serverSQL = `SELECT clock_timestamp(), pg_postmaster_start_time(), pg_is_in_recovery(),
 CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END,
 current_user::text, current_setting('max_connections')::int,
 current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true), '0')::int,
 pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'),
 (` + here + `)::text, pg_wal_lsn_diff(` + here + `, '0/0')::int8, current_setting('wal_level'), current_setting('track_activities')::bool,
 CASE WHEN pg_is_in_recovery() THEN 0 ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int8 END,
 coalesce(host(inet_server_addr()), ''), current_setting('port')`

// sessionsSQL lists every process that has a client, and those without one that
// wait for a lock, are waited for or are in a transaction. Who waits is read from
// pg_locks, which anybody may read. Before 14 nobody knows since when.
func sessionsSQL(version int) string {
	since := `min(l.waitstart)`
	if version < 140000 {
		since = `NULL::timestamptz`
	}
	return `WITH locks AS MATERIALIZED (SELECT l.pid, bool_or(NOT l.granted) AS waits, ` + since + ` AS since,
 count(*) FILTER (WHERE l.granted AND l.locktype <> 'virtualxid')::int AS held FROM pg_locks l WHERE l.pid IS NOT NULL AND l.mode <> 'SIReadLock' GROUP BY l.pid),
waits AS MATERIALIZED (SELECT pid, since, pg_blocking_pids(pid) AS by FROM locks WHERE waits)
SELECT a.pid, a.backend_start, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), coalesce(a.datname::text, ''),
 CASE WHEN a.client_addr IS NOT NULL THEN host(a.client_addr) WHEN a.client_port = -1 THEN 'local' ELSE '' END,
 coalesce(a.state, ''), a.xact_start, a.query_start, a.state_change,
 coalesce(a.wait_event_type || ': ' || a.wait_event, ''), w.pid IS NOT NULL, w.since,
 coalesce(w.by, '{}'), left(a.query, 400), coalesce(a.backend_type, ''), a.pid = pg_backend_pid(), a.backend_start::text, a.query_start::text,
 coalesce(l.held, 0), a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL, coalesce(r.rolsuper, false)
FROM pg_stat_activity a LEFT JOIN waits w ON w.pid = a.pid LEFT JOIN locks l ON l.pid = a.pid LEFT JOIN pg_roles r ON r.oid = a.usesysid
WHERE a.backend_type = 'client backend' OR w.pid IS NOT NULL OR a.pid IN (SELECT unnest(by) FROM waits)
 OR a.backend_type IS NULL AND a.datid <> 0
 OR a.backend_type NOT IN ('parallel worker', 'walsender') AND a.xact_start IS NOT NULL`
}

// limitsSQL counts what counts for the server: every session but those of its own
// background workers. A limit of 0 shuts a role or a database, and is no shortage.
const limitsSQL = `WITH used AS MATERIALIZED (SELECT usesysid, datid, count(*) AS n FROM pg_stat_activity
 WHERE usesysid IS NOT NULL AND coalesce(backend_type, 'client backend') IN ('client backend', 'walsender') GROUP BY 1, 2)
SELECT * FROM (SELECT false, rolname::text, rolconnlimit, coalesce((SELECT sum(n) FROM used WHERE usesysid = r.oid), 0)::int FROM pg_roles r WHERE rolconnlimit > 0 AND rolcanlogin AND NOT rolsuper
 UNION ALL SELECT true, datname::text, datconnlimit, coalesce((SELECT sum(n) FROM used WHERE datid = d.oid), 0)::int FROM pg_database d WHERE datconnlimit > 0 AND datallowconn) x (database, name, most, used)
ORDER BY used::float8 / most DESC, database, name LIMIT 100`

// upstreamSQL is one row of a standby, and none of a primary. What primary_conninfo
// holds, a password maybe, is not asked for.
const upstreamSQL = `SELECT NOT m.may, CASE WHEN m.may THEN current_setting('primary_conninfo') <> '' ELSE false END, current_setting('restore_command') <> '',
 w.pid IS NOT NULL, coalesce(w.status, ''), coalesce(w.sender_host, ''), coalesce(w.slot_name, ''), w.last_msg_receipt_time, coalesce(pg_last_wal_receive_lsn()::text, ''),
 pg_wal_lsn_diff(` + has + `, '0/0')::int8, pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::int8, pg_last_xact_replay_timestamp(), coalesce(w.sender_port, 0)
FROM (SELECT pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') AS may) m LEFT JOIN pg_stat_wal_receiver w ON true WHERE pg_is_in_recovery()`

const replicasSQL = `SELECT coalesce(application_name, ''), coalesce(host(client_addr), 'local'), coalesce(state, ''), coalesce(sync_state, ''),
 pg_wal_lsn_diff(` + has + `, replay_lsn)::int8, pg_wal_lsn_diff(` + has + `, sent_lsn)::int8,
 pg_wal_lsn_diff(replay_lsn, '0/0')::int8, extract(epoch FROM replay_lag)::float8, coalesce(s.slot_name::text, '')
FROM pg_stat_replication r LEFT JOIN pg_replication_slots s ON s.active_pid = r.pid`

// slotsSQL: until 15 a slot was lost for one reason only; 16 tells conflicts apart, and
// 17 names the reason.
func slotsSQL(version int) string {
	lost := `coalesce(invalidation_reason, ''), synced, inactive_since`
	switch {
	case version < 160000:
		lost = `'', false, NULL::timestamptz`
	case version < 170000:
		lost = `CASE WHEN conflicting THEN 'conflict' ELSE '' END, false, NULL::timestamptz`
	}
	return `SELECT slot_name::text, coalesce(slot_type, ''), coalesce(database::text, ''), active,
 pg_wal_lsn_diff(` + has + `, restart_lsn)::int8, coalesce(wal_status, ''), safe_wal_size::int8, ` + lost + `
FROM pg_replication_slots`
}

// subscriptionsSQL asks for no connection string, which holds a password. A standby has
// those of its primary, and no workers. A worker with a relation copies that one table.
const subscriptionsSQL = `SELECT s.subname::text, d.datname::text, s.subenabled,
 EXISTS (SELECT FROM pg_stat_subscription w WHERE w.subid = s.oid AND w.pid IS NOT NULL AND w.relid IS NULL)
FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE NOT pg_is_in_recovery() ORDER BY 2, 1 LIMIT 50`

const archiverSQL = `SELECT current_setting('archive_mode') = 'always' OR current_setting('archive_mode') = 'on' AND NOT pg_is_in_recovery(),
 archived_count, failed_count, last_archived_time, coalesce(last_archived_wal, ''), last_failed_time, coalesce(last_failed_wal, '')
FROM pg_stat_archiver`

const clusterSQL = `SELECT s.system_identifier::text, c.timeline_id, pg_size_bytes(current_setting('wal_segment_size')),
 (SELECT setting::int8 FROM pg_settings WHERE name = 'archive_timeout')
FROM pg_control_system() s, pg_control_checkpoint() c`

const readySQL = `SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'`

const walSizeSQL = `SELECT coalesce(sum(size), 0)::int8 FROM pg_ls_waldir()`

// checkpointsSQL: 17 moved the counters out of pg_stat_bgwriter.
func checkpointsSQL(version int) string {
	if version >= 170000 {
		return `SELECT c.checkpoint_time, s.num_timed, s.num_requested, s.write_time / 1000, s.sync_time / 1000 FROM pg_stat_checkpointer s, pg_control_checkpoint() c`
	}
	return `SELECT c.checkpoint_time, s.checkpoints_timed, s.checkpoints_req, s.checkpoint_write_time / 1000, s.checkpoint_sync_time / 1000 FROM pg_stat_bgwriter s, pg_control_checkpoint() c`
}

const sizesSQL = `SELECT datname::text, CASE WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
 THEN pg_database_size(oid) END
FROM pg_database WHERE datallowconn ORDER BY 2 DESC NULLS LAST LIMIT 50`

const freezeSQL = `SELECT datname::text, age(datfrozenxid)::int8, mxid_age(datminmxid)::int8, current_setting('autovacuum_freeze_max_age')::int8
FROM pg_database ORDER BY greatest(age(datfrozenxid), mxid_age(datminmxid)) DESC LIMIT 1`

const tablesSQL = `SELECT schemaname || '.' || relname, n_dead_tup, n_live_tup, greatest(last_vacuum, last_autovacuum), greatest(last_analyze, last_autoanalyze)
FROM pg_stat_user_tables WHERE n_dead_tup > 0 ORDER BY n_dead_tup DESC LIMIT 10`

// rightsSQL: pg_checkpoint came with 15; before it only a superuser may.
func rightsSQL(version int) string {
	checkpoint := `pg_has_role(current_user, 'pg_checkpoint', 'USAGE')`
	if version < 150000 {
		checkpoint = `false`
	}
	return `SELECT current_user::text, rolsuper, pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'), rolsuper OR pg_has_role(current_user, 'pg_signal_backend', 'USAGE'), rolsuper OR ` + checkpoint + `,
 has_function_privilege('pg_catalog.pg_switch_wal()', 'EXECUTE')
FROM pg_roles WHERE rolname = current_user`
}

const extensionSQL = `SELECT e.extversion, n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'`

// statementsSQL: version 1.8 of the extension split the time of planning off. An
// upgraded server may still have an older one.
func statementsSQL(extension int, schema string) string {
	total, mean := "s.total_exec_time", "s.mean_exec_time"
	if extension < 108 {
		total, mean = "s.total_time", "s.mean_time"
	}
	return `SELECT left(s.query, 400), coalesce(r.rolname::text, ''), s.calls, ` + total + ` / 1000, ` + mean + ` / 1000, s.rows
FROM ` + quoteIdent(schema) + `.pg_stat_statements s LEFT JOIN pg_roles r ON r.oid = s.userid
ORDER BY 4 DESC LIMIT 20`
}
