package ops

import "regexp"

// hiddenSecret stands wherever a secret was.
const hiddenSecret = "•••"

// secretAssign is a word that names a secret, and what is assigned to it.
var secretAssign = regexp.MustCompile(`((?i:[\w.-]*(?:pass(?:word|wd|phrase)?|pwd|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|auth|dsn)[\w.-]*))([=:]\s*|\s+)("[^"]*"|'[^']*'|\S+)`)

// MaskSecrets hides what looks like a secret within words of a server: what is
// assigned to a name like password or token, and user and password of a URL. An
// error of Docker repeats the command line that it was about.
func MaskSecrets(s string) string {
	s = userInfo.ReplaceAllString(s, "${1}"+hiddenSecret+"@")
	return secretAssign.ReplaceAllString(s, "${1}${2}"+hiddenSecret)
}
