package ops

import (
	"slices"
	"strings"
	"testing"
)

func TestWhatIsSaidOfSecretsStaysAndSecretsDoNot(t *testing.T) {
	for _, kept := range []string{
		"sudo: a password is required", "password authentication failed for user \"opsdeck\"", "unauthorized: authentication required", "the token was rejected",
		"the password must not be empty", "no credentials given", "health check passed with 3 warnings", "the author is unknown", "secret not found: no such file",
		"token is expired", "Bypass is active", "passing 3 of 4", "authentication: it failed",
	} {
		if got := MaskSecrets(kept); got != kept {
			t.Errorf("%q reads %q", kept, got)
		}
	}
	for in, want := range map[string]string{
		"password=hunter2 x":                "password=••• x",
		"password: hunter2":                 "password: •••",
		"--password required":               "--password •••",
		`{"password": "a b", "x": 1}`:       `{"password": •••, "x": 1}`,
		"ALTER ROLE r PASSWORD 'a b' LOGIN": "ALTER ROLE r PASSWORD ••• LOGIN",
		"the password is hunter2":           "the password is •••",
		"auth token abc123":                 "auth •••",
		"Authorization: Bearer abc.def":     "Authorization: •••",
		"Authorization Basic dTpw":          "Authorization •••",
		"requirepass hunter2":               "requirepass •••",
		"API_KEY = abc":                     "API_KEY = •••",
		"password = 'never closed":          "password = •••",
		"http://u:p@host/ and token=1":      "http://•••@host/ and token=•••",
		"password is required password=x":   "password is required password=•••",
		"password Required":                 "password •••",
		"<Error><AWSAccessKeyId>minio1</AWSAccessKeyId><Code>x</Code></Error>": "<Error><AWSAccessKeyId>•••</AWSAccessKeyId><Code>x</Code></Error>",
		"nobody has AKIAIOSFODNN7EXAMPLE here":                                 "nobody has ••• here",
		"ASIAIOSFODNN7EXAMPLE":                                                 "•••",
		"authorization: AWS4-HMAC-SHA256 Credential=k/20261128/r/s3/aws4_request, SignedHeaders=host, Signature=0f": "authorization: ••• SignedHeaders=host, Signature=•••",
		"Credential=k/20261128/r/s3/aws4_request, x":                                                                "Credential=••• x",
		"authorization: SharedKey account:c2ln":                                                                     "authorization: •••",
		"https://x.example/c?sv=2026&sig=c2ln&se=1":                                                                 "https://x.example/c?sv=2026&sig=•••&se=1",
		"got ya29.a0Af-x_y and eyJhbGc.eyJpc3.c2ln":                                                                 "got ••• and •••",
	} {
		if got := MaskSecrets(in); got != want {
			t.Errorf("%q reads %q, not %q", in, got, want)
		}
	}
}

// FuzzNoSecretIsShown gives a secret in every way that is known.
func FuzzNoSecretIsShown(f *testing.F) {
	ways := []string{"password=%", "PGPASSWORD=%", "token: %", "--secret %", "-password=%", "the password is %", "password was %", "secret '%'", `"api_key":"%"`, "'token': '%'",
		"auth token %", "Authorization: Bearer %", "authorization Basic %", "password % is wrong", "dsn=%", "access-key %", "passphrase\t%", "password authentication password=%", "the token for token %"}
	for i := range ways {
		f.Add("s3cr3t", i)
		f.Add("p=ss:w0rd", i)
		f.Add("Hunter", i)
		f.Add("xis", i)
	}
	f.Fuzz(func(t *testing.T, secret string, way int) {
		if len(secret) < 3 || strings.ContainsAny(secret, " \t\n\r\f\v\"'•%") || secret != strings.TrimRight(secret, ".,;:!?)") || slices.Contains(plainWords, secret) {
			return // is no single word, or one that nobody takes for a secret
		}
		way = max(way, 0) % len(ways)
		text := strings.Replace(ways[way], "%", "\x00", 1)
		if strings.Contains(text, secret) || strings.ContainsFunc(secret, func(r rune) bool { return r < 0x21 || r > 0x7e }) {
			return
		}
		if got := MaskSecrets("x " + strings.Replace(text, "\x00", secret, 1)); strings.Contains(got, secret) {
			t.Errorf("%q is shown: %s", secret, got)
		}
	})
}

// TestASecretOfSeveralLinesIsHiddenLineByLine: outputs are masked a line at a time.
func TestASecretOfSeveralLinesIsHiddenLineByLine(t *testing.T) {
	s := NewSecrets("-----BEGIN KEY-----\r\nMIIEvQIBADANBgkq\n  hkiG9w0BAQEFAASC\nx\n-----END KEY-----\n")
	for _, line := range []string{"MIIEvQIBADANBgkq", "got hkiG9w0BAQEFAASC here"} {
		if got := s.Mask(line); strings.Contains(got, "MII") || strings.Contains(got, "hki") {
			t.Errorf("%q is shown as %q", line, got)
		}
	}
	if got := s.Mask("x is a letter"); got != "x is a letter" {
		t.Errorf("%q", got)
	}
}

func TestSecretsThatAreKnownAreHiddenWhateverTheyLookLike(t *testing.T) {
	known := NewSecrets("short", "short and longer", "a/b+c=", "", "abc", ` with "quotes" `)
	for in, want := range map[string]string{
		"it is short":                    "it is •••",
		"short and longer, shorter":      "•••, •••er",
		"/?x=a%2Fb%2Bc%3D and a/b+c=":    "/?x=••• and •••",
		"abc is too little to be hidden": "abc is too little to be hidden",
		`{"x": "with \"quotes\""}`:       `{"x": "•••"}`,
		"short, password=x":              "•••, password=•••",
	} {
		if got := known.Mask(in); got != want {
			t.Errorf("%q reads %q, not %q", in, got, want)
		}
	}
	if got := Secrets(nil).Mask("short"); got != "short" || Secrets(nil).Longest() != 0 || known.Longest() < len("short and longer") {
		t.Error(got, known.Longest())
	}
}
