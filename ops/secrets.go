package ops

import (
	"cmp"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// hiddenSecret stands wherever a secret was.
const hiddenSecret = "•••"

// userInfo is the user part of a URL.
var userInfo = regexp.MustCompile(`(\w[\w+.-]*://)[^/?#@\s"'<>]+@`)

// secretName is a word that names a secret, what stands between it and the next, and
// that: a quoted text, a scheme with its credentials, or a word.
var secretName = regexp.MustCompile(`((?i:[\w.-]*(?:pass(?:word|wd|phrase)?|pwd|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|auth|dsn)[\w.-]*)["']?)(\s*[=:]\s*|\s+(?:(?:is|was)\s+)?)((?i:bearer|basic|digest|token|aws4-hmac-sha256|aws|sharedkey(?:lite)?)\s+\S+|"[^"]*"?|'[^']*'?|\S+)`)

// What gives a secret away by its own shape: ids of keys at Amazon and Google, tokens of
// Google and signed ones, the content of an XML element with the name of a secret (a store
// that refuses a key repeats it as AWSAccessKeyId), and signatures of requests.
var (
	secretShape   = regexp.MustCompile(`\b(?:(?:AKIA|ASIA|GOOG1)[A-Z0-9]{12,}|ya29\.[\w.-]+|eyJ[\w-]+\.[\w-]+\.[\w-]+)`)
	secretElement = regexp.MustCompile(`(<[\w:.-]*(?i:accesskey|secret|token|signature|password|credential)[\w.-]*>)[^<]+`)
	signature     = regexp.MustCompile(`(\b(?i:x-amz-signature|signature|sig)=)[^\s,&"'<>]+`)
)

// noSecret are words that only look like names of secrets.
var noSecret = regexp.MustCompile(`^(?i:(?:un)?auth(?:or|ors|ority|orities|orized|enticate|enticated|entication)|(?:by|com)?pass|pass(?:ed|es|ing|ive|age|enger))$`)

// plainWords are what people and servers say behind the name of a secret, and nobody
// takes for one. What is not among them is hidden.
var plainWords = strings.Fields(`a an the is are was were be been not no has have had must may can cannot could should will would does did
	of for from to in on at by with without and or but that which when as if it required needed missing invalid incorrect wrong expired
	rejected denied refused accepted failed fails failure empty given provided specified mismatch authentication authenticated verification`)

// MaskSecrets hides what looks like a secret within words of a server: what is assigned
// to a name like password or token or given to an option of such a name, user and
// password of a URL, keys and tokens that are known by their shape, and the word behind such a name, unless it is a plain word of the
// language: "a password is required" says all it said. An error of Docker repeats the
// command line that it was about.
func MaskSecrets(s string) string {
	s = userInfo.ReplaceAllString(s, "${1}"+hiddenSecret+"@")
	s = secretShape.ReplaceAllLiteralString(s, hiddenSecret)
	s = secretElement.ReplaceAllString(s, "${1}"+hiddenSecret)
	s = signature.ReplaceAllString(s, "${1}"+hiddenSecret)
	var out strings.Builder
	for {
		m := secretName.FindStringSubmatchIndex(s)
		if m == nil {
			return out.String() + s
		}
		name, between, value := s[m[2]:m[3]], s[m[4]:m[5]], s[m[6]:m[7]]
		out.WriteString(s[:m[6]])
		if s = s[m[6]:]; isSecret(name, between, value) {
			out.WriteString(hiddenSecret)
			s = s[len(value):]
		}
	}
}

// isSecret reports whether a value is the secret that a name before it is of.
func isSecret(name, between, value string) bool {
	word := strings.TrimRight(value, ".,;:!?)")
	switch {
	case noSecret.MatchString(name):
		return false
	case strings.HasPrefix(name, "-"), strings.ContainsAny(between, "=:"):
		return true
	}
	return !slices.Contains(plainWords, word)
}

// Secrets are values that are known to be secret, the longest first.
type Secrets []string

// secretLeast is the length from which on a value is looked for: a shorter one is part of
// too many words that are none.
const secretLeast = 4

// NewSecrets are these values, and as they stand in an address, in XML or within quotes. Of a
// value of several lines each line is one too: an output is masked a line at a time.
func NewSecrets(values ...string) Secrets {
	var all Secrets
	for _, v := range values {
		if strings.ContainsAny(strings.TrimSpace(v), "\r\n") {
			all = append(all, NewSecrets(strings.FieldsFunc(v, func(r rune) bool { return r == '\r' || r == '\n' })...)...)
		}
		if v = strings.TrimSpace(v); len(v) < secretLeast {
			continue
		}
		quoted := strconv.Quote(v)
		all = append(all, v, url.QueryEscape(v), url.PathEscape(v), html.EscapeString(v), quoted[1:len(quoted)-1])
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	return slices.Compact(all)
}

// Hide hides the values wherever they stand in a text.
func (s Secrets) Hide(text string) string {
	for _, v := range s {
		text = strings.ReplaceAll(text, v, hiddenSecret)
	}
	return text
}

// Mask hides the values, and what else looks like a secret.
func (s Secrets) Mask(text string) string { return MaskSecrets(s.Hide(text)) }

// Longest is the length of the longest value.
func (s Secrets) Longest() int {
	if len(s) == 0 {
		return 0
	}
	return len(s[0])
}
