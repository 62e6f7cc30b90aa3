package estate

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheNameOfAnEstateThatIsFaulty(t *testing.T) {
	for text, want := range map[string]string{
		"estate: shop-eu\nsources: [\n":               "shop-eu",
		"\ufeffestate:  \"shop\"  # ours\r\nx: {\r\n": "shop",
		"sources:\n  pg: {\nestate: 'a.b'":            "a.b",
		"sources:\n  estate: no\n":                    "",
		"estate: ${NAME}\n":                           "",
		"estate: a\nestate: b\n":                      "",
		"":                                            "",
	} {
		path := filepath.Join(t.TempDir(), "e.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := NameIn(path); got.String() != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := NameIn("/no/such/file"); !got.Empty() {
		t.Errorf("of no file: %q", got)
	}
}
