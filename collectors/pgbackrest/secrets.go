package pgbackrest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// secretSetting is a line of the configuration whose value is secret, or a variable of the
// environment that stands for one.
var secretSetting = regexp.MustCompile(`^\s*(?:repo\d*-|PGBACKREST_REPO\d*_)(?i:s3[-_]key(?:[-_]secret)?|s3[-_]token|s3[-_]sse[-_]customer[-_]key|cipher[-_]pass|(gcs[-_]key)|azure[-_]key|sftp[-_]private[-_]key[-_]passphrase)\s*=\s*(\S.*)$`)

// Secrets are the keys and passes of all repositories that a configuration file holds, or
// where none is named the usual ones and our environment. Of what this account cannot read
// there are none.
func Secrets(file string) (values []string) {
	texts, _ := configured(file) // what cannot be read is known by its shape at best
	for _, text := range append(texts, strings.Join(os.Environ(), "\n")) {
		for line := range strings.Lines(text) {
			m := secretSetting.FindStringSubmatch(strings.TrimSpace(line))
			if m != nil && (m[1] == "" || !filepath.IsAbs(m[2])) { // Google's may be the path of a file
				values = append(values, strings.TrimSpace(m[2]))
			}
		}
	}
	return values
}
