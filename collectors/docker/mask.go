package docker

import (
	"regexp"
	"strings"

	"opsdeck/ops"
)

// hiddenValue stands wherever a value is not shown.
const hiddenValue = "•••"

// Secrets in a command line: a flag and a label that name one.
var (
	secretName = `(?i:[\w.-]*(?:pass(?:word|wd|phrase)?|pwd|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|auth|dsn)[\w.-]*)`
	secretFlag = regexp.MustCompile(`^-{1,2}` + secretName + `$`)
	secretKey  = regexp.MustCompile(`^` + secretName + `$`)
)

// maskWords hides what looks like a secret in an argv: --password=x, the word
// behind --password, TOKEN=x within a shell's text, and URL userinfo.
func maskWords(argv []string) []string {
	out := make([]string, len(argv))
	hide := false
	for i, w := range argv {
		switch {
		case hide && !strings.HasPrefix(w, "-"):
			out[i] = hiddenValue
		default:
			out[i] = ops.MaskSecrets(w)
		}
		hide = secretFlag.MatchString(w)
	}
	return out
}

// maskValue hides the value of a label whose key names a secret.
func maskValue(key, value string) string {
	if secretKey.MatchString(key) {
		return hiddenValue
	}
	return ops.MaskSecrets(value)
}

// envKeys returns the names of environment variables; values never leave the
// daemon's answer.
func envKeys(env []string) []string {
	out := make([]string, 0, len(env))
	for _, e := range env {
		key, _, _ := strings.Cut(e, "=")
		out = append(out, key)
	}
	return out
}
