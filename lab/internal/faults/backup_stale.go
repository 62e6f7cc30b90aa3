package faults

import (
	"context"
	"crypto/sha1" // pgBackRest's own
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"opsdeck/lab/internal/servers"
)

// staleBy is how much older the backups become.
const staleBy = 72 * time.Hour

// backupStale makes the backups that there are older, in pgBackRest's own catalogue.
func backupStale() Fault {
	return Fault{
		Name: "backup-stale",
		Line: "the backups are three days older than they are, as if none had been made since",
		Apply: func(ctx context.Context, lab Lab) error {
			if there(kept(lab, "stale")) {
				return nil
			}
			all, err := servers.Backups(ctx, lab.Layout)
			if err != nil {
				return err
			}
			var labels []string
			for _, b := range all {
				labels = append(labels, b.Label)
			}
			if len(labels) == 0 {
				return errors.New("there is no backup")
			}
			if err := os.WriteFile(kept(lab, "stale"), []byte(strings.Join(labels, "\n")), 0o600); err != nil {
				return err
			}
			return redate(lab, labels, -staleBy)
		},
		Heal: func(_ context.Context, lab Lab) error {
			labels, err := os.ReadFile(kept(lab, "stale"))
			if errors.Is(err, os.ErrNotExist) {
				return nil
			}
			if err == nil {
				err = redate(lab, strings.Split(string(labels), "\n"), staleBy)
			}
			return errors.Join(err, os.Remove(kept(lab, "stale")))
		},
	}
}

// redate moves the times of backups in both copies of the catalogue.
func redate(lab Lab, labels []string, by time.Duration) error {
	for _, name := range []string{"backup.info", "backup.info.copy"} {
		path := filepath.Join(servers.Repository(lab.Layout), "backup", servers.Stanza, name)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		moved := moveTimes(string(text), labels, by)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteString(moved)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

var (
	backupTime = regexp.MustCompile(`"backup-timestamp-(start|stop)":(\d+)`)
	checksum   = regexp.MustCompile(`(?m)^backrest-checksum="[0-9a-f]{40}"$`)
)

// moveTimes moves the times of backups in a catalogue, and signs it anew.
func moveTimes(text string, labels []string, by time.Duration) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		label, _, _ := strings.Cut(line, "=")
		for _, l := range labels {
			if label == l {
				lines[i] = backupTime.ReplaceAllStringFunc(line, func(s string) string {
					m := backupTime.FindStringSubmatch(s)
					at, _ := strconv.ParseInt(m[2], 10, 64) // the pattern takes numbers
					return fmt.Sprintf(`"backup-timestamp-%s":%d`, m[1], at+int64(by.Seconds()))
				})
			}
		}
	}
	text = strings.Join(lines, "\n")
	return checksum.ReplaceAllString(text, `backrest-checksum="`+sumOf(text)+`"`)
}

// sumOf is pgBackRest's checksum of a file of its own: of all but the checksum, as JSON.
func sumOf(text string) string {
	var b strings.Builder
	section, open := "", "" // open is the section that was begun last
	for line := range strings.Lines(text) {
		key, value, pair := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		switch {
		case strings.HasPrefix(line, "["):
			section = strings.Trim(strings.TrimSpace(line), "[]")
			continue
		case !pair || key == "backrest-checksum":
			continue
		case section == open:
			b.WriteString(",")
		default:
			if open != "" {
				b.WriteString("},")
			}
			b.WriteString(`"` + section + `":{`)
			open = section
		}
		b.WriteString(`"` + key + `":` + value)
	}
	sum := sha1.Sum([]byte("{" + b.String() + "}}"))
	return hex.EncodeToString(sum[:])
}
