package report

import _ "embed"

//go:embed snapshot.schema.json
var snapshotSchema string

// SnapshotSchema returns the JSON schema (draft 2020-12) of the JSON snapshot.
func SnapshotSchema() []byte { return []byte(snapshotSchema) }
