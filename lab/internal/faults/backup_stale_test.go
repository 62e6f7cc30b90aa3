package faults

import (
	"strings"
	"testing"
	"time"
)

// catalogue is a backup.info as pgBackRest 2.45 wrote it.
const catalogue = `[backrest]
backrest-format=5
backrest-version="2.45"

[backup:current]
20261127-205827F={"backrest-format":5,"backup-error":false,"backup-timestamp-start":1795553907,"backup-timestamp-stop":1795553928,"backup-type":"full"}

[db]
db-id=1

[backrest]
backrest-checksum="0000000000000000000000000000000000000000"
`

func TestBackupsBecomeOlderAndYoungAgain(t *testing.T) {
	signed := moveTimes(catalogue, nil, 0)
	old := moveTimes(signed, []string{"20261127-205827F", "20260101-000000F"}, -staleBy)
	if !strings.Contains(old, `"backup-timestamp-start":1795294707,"backup-timestamp-stop":1795294728`) || old == signed {
		t.Errorf("it is %s", old)
	}
	if again := moveTimes(old, []string{"20261127-205827F"}, staleBy); again != signed {
		t.Errorf("it is %s\nand was %s", again, signed)
	}
	if other := moveTimes(signed, []string{"20260101-000000F"}, time.Hour); other != signed {
		t.Errorf("another backup's times: %s", other)
	}
}
