package basebackup

import "testing"

func TestAProgramFailsForWhatItsPartsSaid(t *testing.T) {
	const removed = "pg_basebackup: error: unexpected termination of replication stream: ERROR:  requested WAL segment 000000010000000000000004 has already been removed\n"
	for said, want := range map[string]string{
		removed + "pg_basebackup: error: background process terminated unexpectedly\n": "pg_basebackup: unexpected termination of replication stream: ERROR:  requested WAL segment 000000010000000000000004 has already been removed",
		"pg_basebackup: error: background process terminated unexpectedly\n":           "pg_basebackup: background process terminated unexpectedly",
		"pg_basebackup: error: first\npg_basebackup: error: second\n":                  "pg_basebackup: second",
		"no words of an error\n": "pg_basebackup: no words of an error",
		"":                       "pg_basebackup: exit code 1",
	} {
		if got := toolFailed("pg_basebackup", said, 1); got.Error() != want || CodeOf(got) != ExitFailed {
			t.Errorf("%q: %v\nwant %s", said, got, want)
		}
	}
}
