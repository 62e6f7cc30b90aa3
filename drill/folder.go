package drill

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"opsdeck/internal/basebackup"
	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// Folder is a backup of PostgreSQL's own tools, and where the WAL after it is.
type Folder struct {
	Backup string   `json:"backup"` // with data and tablespaces
	WAL    []string `json:"wal"`    // folders, the newest first
}

// CopyWords is the call that copies the cluster of such a backup.
func CopyWords(backup, into string) []string {
	return []string{"cp", "-a", "--", filepath.Join(backup, "data"), into}
}

// FetchWords is the restore_command that takes WAL from these folders: a segment that was
// being received when the server was lost, where there is no whole one of its name. Of one that
// the receiver was still making room for nothing had been received: the server would take its size for damage.
func FetchWords(folders []string) string {
	var in []string
	for _, f := range folders {
		in = append(in, "'"+strings.NewReplacer("'", `'\''`, "%", "%%").Replace(f)+"'")
	}
	return `for end in "" .partial; do for in in ` + strings.Join(in, " ") + `; do if [ -f "$in/%f$end" ] && { [ -z "$end" ] || { s=$(wc -c < "$in/%f$end") && [ "$s" -ge 1048576 ] && [ $((s & (s - 1))) -eq 0 ]; }; }; then cp "$in/%f$end" "%p"; exit $?; fi; done; done; exit 1`
}

// unread is what cp says of what it cannot read, and not of what it cannot write.
var unread = regexp.MustCompile(`(?m)^cp: (cannot (open|access|stat|read)|error reading)`)

// unfold makes a copy of a backup in a folder, and looks whether it is what was backed up:
// neither cp nor the server would notice a byte that is another.
func (s scratch) unfold(ctx context.Context, f Folder, t ops.RestoreTarget) error {
	if err := s.copied(ctx, CopyWords(f.Backup, s.data())); err != nil {
		return err
	}
	if err := s.spaces(ctx, f); err != nil {
		return err
	}
	tools, err := basebackup.Programs("")
	if err != nil {
		return err
	}
	checked, err := basebackup.VerifyCopy(ctx, tools, s.dir, time.Now)
	switch {
	case err != nil && ctx.Err() == nil:
		return s.blame("the copy could not be verified", err.Error())
	case err != nil:
		return err
	case len(checked.Wrong) > 0:
		return s.blame("the copy is not what was backed up", strings.Join(checked.Wrong, "; "))
	}
	// What the source had there may name a target of its own, or a command.
	return errors.Join(os.WriteFile(filepath.Join(s.data(), "postgresql.auto.conf"), []byte(f.recovery(t)), 0o600), os.WriteFile(filepath.Join(s.data(), signalOf(t)), nil, 0o600))
}

// signalOf is the file that has a server recover: to the latest as a standby, which waits for
// more where another server would begin to take writes.
func signalOf(t ops.RestoreTarget) string {
	if t.Kind == ops.RestoreLatest {
		return "standby.signal"
	}
	return "recovery.signal"
}

// recovery are the settings by which a server goes to a target along this WAL.
func (f Folder) recovery(t ops.RestoreTarget) string {
	text := setting("restore_command", FetchWords(f.WAL)) + setting("archive_mode", "off") // until somebody says so, however it is started
	switch t.Kind {
	case ops.RestoreBackup:
		text += setting("recovery_target", "immediate")
	case ops.RestoreTime, ops.RestoreName, ops.RestoreLSN:
		text += setting("recovery_target_"+t.Kind.String(), t.Value())
	}
	if t.Exclusive {
		text += setting("recovery_target_inclusive", "off")
	}
	text += setting("recovery_target_timeline", timelineWord(t))
	return text
}

// setting is a line of a configuration as the server reads it: a backslash has a meaning too.
func setting(name, value string) string {
	return name + " = '" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(value) + "'\n"
}

// copied runs cp. That it cannot read is the backup's fault, all else that of the machine.
func (s scratch) copied(ctx context.Context, argv []string) error {
	end, err := proc.Run(ctx, proc.Spec{Argv: argv, Env: append(os.Environ(), "LC_ALL=C"), Dir: s.dir, EndWithUs: true})
	said := strings.TrimSpace(string(end.Stderr))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return ops.Errorf(ops.CodeUnavailable, "copy the backup: %v", err).Help(notHere)
	case end.Signal != 0:
		return s.blame("the copy ended", fmt.Sprintf("it was terminated by signal %d", end.Signal))
	case end.Code != 0 && unread.MatchString(said):
		return wrong("the backup cannot be read: %s", ops.Clean(said))
	case end.Code != 0:
		return s.blame("the backup could not be copied", said)
	}
	return nil
}

// spaces copies the tablespaces beside the data, by their oids, and lets the copy's links
// lead there. Any other link would lead out of the scratch.
func (s scratch) spaces(ctx context.Context, f Folder) error {
	at := filepath.Join(s.data(), "pg_tblspc")
	return filepath.WalkDir(s.data(), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.Type()&fs.ModeSymlink == 0:
			return err
		case filepath.Dir(path) != at:
			return wrong("%s is a link in the backup, and the server would write behind it", ops.Clean(strings.TrimPrefix(path, s.data()+"/")))
		}
		into := filepath.Join(s.tablespaces(), d.Name())
		if err := s.copied(ctx, []string{"cp", "-a", "--", filepath.Join(f.Backup, "tablespaces", d.Name()), into}); err != nil {
			return err
		}
		return errors.Join(os.Remove(path), os.Symlink(into, path))
	})
}
