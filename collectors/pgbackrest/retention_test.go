package pgbackrest

import (
	"testing"

	"opsdeck/ops"
)

func TestFromWhichBackupOnAllWALIsKept(t *testing.T) {
	set := func(label string, kind ops.BackupType) ops.Backup {
		return ops.Backup{Label: ops.Clean(label), Type: kind}
	}
	sets := []ops.Backup{set("I4", ops.BackupIncremental), set("D3", ops.BackupDifferential), set("F3", ops.BackupFull), set("I2", ops.BackupIncremental), set("F2", ops.BackupFull), set("F1", ops.BackupFull)}
	for name, x := range map[string]struct{ text, want string }{
		"nothing is said":                        {"[global]\nrepo1-path=/b\n", "F1"},
		"two full ones":                          {"[global]\nrepo1-retention-archive=2\n", "F2"},
		"of another repository":                  {"[global]\nrepo2-retention-archive=1\n", "F1"},
		"the stanza says otherwise":              {"[global]\nrepo1-retention-archive=1\n[main]\nrepo1-retention-archive=2\n", "F2"},
		"of another stanza":                      {"[other]\nrepo1-retention-archive=1\n", "F1"},
		"for expire alone":                       {"[global]\nrepo1-retention-archive=3\n[global:expire]\nrepo1-retention-archive=1\n", "F3"},
		"for another command":                    {"[global:backup]\nrepo1-retention-archive=1\n", "F1"},
		"a differential counts as incremental":   {"[global]\nrepo1-retention-archive=2\nrepo1-retention-archive-type=incr\n", "D3"},
		"a full one counts as differential":      {"[global]\nrepo1-retention-archive=2\nrepo1-retention-archive-type=diff\n", "F3"},
		"more than there are":                    {"[global]\nrepo1-retention-archive=9\n", "F1"},
		"what is no number":                      {"[global]\nrepo1-retention-archive=x\n", "F1"},
		"a configuration that could not be read": {"", ""},
	} {
		s := settings{stanza: "main"}
		if x.text != "" {
			s.texts = []string{x.text}
		}
		if got := s.promised(1, sets).String(); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}
