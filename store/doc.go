// Package store is the history of one estate: records, jobs with their output,
// small values, and the audit chain, in one bbolt file that one process owns.
//
// Files in its directory, all of them mode 0600:
//
//	history.db                  the bbolt file
//	history.db.corrupt-STAMP    a damaged one, moved aside; never overwritten, never deleted
//	history.lock                flock of the owner; its pid, or how the file was left at a clean close
//	history.known               says that a history existed, and the version of its format
//	audit.heads, audit.heads.N  the head of the audit chain after every audited transaction
//
// Every write is one bbolt transaction, synced before the call returns (bbolt
// syncs twice for one: the pages, then the meta page that makes them valid).
// The one exception is a job's progress, see PutJob.
//
// The freelist is of bbolt's map type, because an array degrades once Trim has
// freed many pages, and it is written to the file (NoFreelistSync off): without
// it every open would have to walk the whole file. A writable bbolt file loads
// its freelist at open anyway, so PreLoadFreelist is not a choice here.
package store
