package pgbackrest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"opsdeck/ops"
)

func TestSecretsOfAConfigurationAreThoseOfAllRepositories(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "pgbackrest.conf")
	text := "[global]\nrepo1-path=/r\n repo1-cipher-pass = a pass \nrepo1-cipher-type=aes-256-cbc\nrepo2-s3-key=key1\nrepo2-s3-key-secret=/s=1\n#repo2-s3-token=no\nrepo3-gcs-key=/etc/key.json\n[lab:backup]\nrepo3-gcs-key=ya29.x\r\nrepo12-azure-key=azure1\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGBACKREST_REPO2_S3_TOKEN", "token1")
	want := []string{"a pass", "key1", "/s=1", "ya29.x", "azure1", "token1"}
	if got := Secrets(conf); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Secrets("/no/such/file"); !slices.Equal(got, []string{"token1"}) {
		t.Errorf("without a file: %q", got)
	}
}

// TestAFaultHoldsNoSecretThatIsKnown has a store say secrets that look like nothing, in what
// info prints, in an error output, and in an output that is asked for outside of the polls.
func TestAFaultHoldsNoSecretThatIsKnown(t *testing.T) {
	const said = `{"error": {"message": "minio1 and xyzzy may not"}}`
	e := newEngine(t)
	e.info[1] = outcome{out: `[{"name":"lab","repo":[{"key":1,"cipher":"none","status":{"code":99,"message":"[ProtocolError] HTTP request failed with 403 (Forbidden):\n` + strings.ReplaceAll(said, `"`, `\"`) + `"}}]}]`}
	e.info[2] = outcome{said: "ERROR: [039]: HTTP request failed with 403 (Forbidden):\n" + said, code: 39}
	col, _ := collectorOf(t, e, 1, 2)
	col.cfg.Secrets = func() ops.Secrets { return ops.NewSecrets("minio1", "xyzzy") }
	b, _ := collect(t, col)
	_, looked, _ := col.Look(t.Context(), 1) // its fault is what it says
	why := ops.AsError(col.Why([]string{"x"}, e.info[2].said, 39)).What
	for i, got := range []ops.Text{b.Repositories[0].Fault, b.Repositories[1].Fault, looked, why} {
		if got.String() != "HTTP request failed with 403 (Forbidden): ••• and ••• may not" {
			t.Errorf("%d: %s", i, got)
		}
	}
}
