package pgbackrest

import (
	"io"
	"regexp"
)

// otherPass is said where what was decrypted is no text, or could not be.
const otherPass = "it cannot be decrypted: it was encrypted with another cipher pass than the configuration has, or is damaged"

// What pgBackRest says where the cipher pass of a repository is not its own. Mostly another
// pass makes no text of a file, which is found out by its last block; now and then that fits,
// and the first line of the text is none.
var cipherFaults = []struct {
	said  *regexp.Regexp
	cause string
}{
	{regexp.MustCompile(`section at line 1: Salted__`), "it is encrypted, and the configuration has no cipher pass for it"},
	{regexp.MustCompile(`CryptoError\]?:? cipher header invalid`), "it is not encrypted as the configuration says, or is damaged: cipher header invalid"},
	{regexp.MustCompile(`CryptoError\]?:? unable to flush`), otherPass},
	{regexp.MustCompile(`section at line 1: [^\n]*[^\t -~\n]`), otherPass},
}

// cipherFault is the cause of a failure where that is the cipher pass; empty: it is none.
func cipherFault(said string) string {
	for _, f := range cipherFaults {
		if f.said.MatchString(said) {
			return f.cause
		}
	}
	return ""
}

// cipherRemedy is what to do then.
const cipherRemedy = "compare repoN-cipher-type and repoN-cipher-pass of pgBackRest's configuration with those that the repository was made with"

// jsonReader is an answer in JSON, whose strings pgBackRest may write with control characters
// in them as they are: what another cipher pass made of a file is among its words.
type jsonReader struct{ io.Reader }

func (r jsonReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	for i, c := range p[:n] {
		if c < ' ' { // outside of strings it is a blank, too
			p[i] = ' '
		}
	}
	return n, err
}
