package basebackup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"opsdeck/internal/proc"
)

// What pg_verifybackup says of a fault, and of a backup without one.
var (
	verifyFault = regexp.MustCompile(`^pg_verifybackup: error: (.+)`)
	// verifyAway is the end of a fault that is not the backup's: this account may not read it,
	// or what the folder lies on is not there.
	verifyAway = regexp.MustCompile(`: (?:Permission denied|Stale file handle|Transport endpoint is not connected|Host is down|Connection timed out)$`)
	verifyGood = regexp.MustCompile(`(?m)^backup successfully verified$`)
)

// wrongMost is how many faults of one backup are kept.
const wrongMost = 5

// verify reads all of a backup that lies in a folder. What it found is what it says: an
// exit code of 0 without its words is an error, and one of 1 without a fault too.
func verify(ctx context.Context, programs, folder string, now func() time.Time) (c Checked, err error) {
	m, err := readManifest(filepath.Join(folder, "data", "backup_manifest"), func(manifestFile) {})
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ESTALE) || errors.Is(err, syscall.ENOTCONN) {
		return c, fmt.Errorf("could not be verified: %w", err)
	}
	if err != nil {
		return Checked{At: now().UTC(), Wrong: []string{"its manifest cannot be read: " + err.Error()}}, nil
	}
	argv := []string{program(programs, "pg_verifybackup")}
	if _, err := os.Stat(program(programs, "pg_waldump")); err != nil { // it reads the WAL, and comes with the server
		argv = append(argv, "--no-parse-wal")
	}
	argv = append(argv, filepath.Join(folder, "data"))
	end, err := proc.Run(ctx, proc.Spec{Argv: argv, Env: english(), EndWithUs: true})
	if err != nil {
		return c, err
	}
	c = Checked{At: now().UTC(), Files: m.files}
	away := ""
	for line := range strings.Lines(string(end.Stdout) + "\n" + string(end.Stderr)) {
		f := verifyFault.FindStringSubmatch(strings.TrimSpace(line))
		switch {
		case f == nil:
		case verifyAway.MatchString(f[1]):
			away = cmp.Or(away, cut(f[1]))
		case len(c.Wrong) < wrongMost:
			c.Wrong = append(c.Wrong, cut(f[1]))
		}
	}
	good := verifyGood.Match(end.Stdout)
	switch {
	case len(c.Wrong) > 0:
	case away != "":
		return c, fmt.Errorf("could not be verified: %s", away)
	case end.Code != 0 || !good:
		return c, toolFailed("pg_verifybackup", string(end.Stderr), end.Code)
	}
	return c, nil
}

// VerifyCopy reads all of a copy whose cluster lies in data below a folder, and compares it
// with what was backed up.
func VerifyCopy(ctx context.Context, programs, folder string, now func() time.Time) (Checked, error) {
	return verify(ctx, programs, folder, now)
}

// cut bounds a fault, at a character's end.
func cut(words string) string {
	return strings.ToValidUTF8(words[:min(len(words), 200)], "")
}

// Verify reads all of every backup, or of one, and prints of each what was found.
func (r Repo) Verify(ctx context.Context, programs, only string, now func() time.Time, out io.Writer) error {
	labels, _, err := r.Labels()
	if err != nil {
		return err
	}
	status := "ok"
	for _, label := range labels {
		if only != "" && label != only {
			continue
		}
		c, err := verify(ctx, programs, r.Backup(label), now)
		if err == nil {
			err = writeJSON(filepath.Join(r.Backup(label), "checked"), c)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", label, err)
		}
		valid := "valid"
		if len(c.Wrong) > 0 {
			status, valid = "error", "invalid"
		}
		fmt.Fprintf(out, "backup: %s, status: %s, total files checked: %d, total valid files: %d\n", label, valid, c.Files, c.Files-min(c.Files, len(c.Wrong)))
		for _, w := range c.Wrong {
			fmt.Fprintf(out, "%s: invalid verify '%s'\n", label, strings.ReplaceAll(w, "'", `"`))
		}
	}
	fmt.Fprintf(out, "status: %s\n", status)
	return nil
}
