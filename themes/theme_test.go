package themes

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestEveryThemePaintsWithoutChangingTheText(t *testing.T) {
	for _, name := range Names() {
		th, err := New(name, false)
		if err != nil {
			t.Fatal(err)
		}
		for r := range roles {
			if got := ansi.Strip(th.Paint(r, "web 3/3")); got != "web 3/3" {
				t.Errorf("%s role %d: text became %q", name, r, got)
			}
		}
	}
}

func TestMonoThemeHasNoColour(t *testing.T) {
	th, _ := New("none", false)
	for r := range roles {
		painted := th.Paint(r, "x")
		for _, code := range []string{"[3", "[4", ";3", ";4", "38;", "48;"} {
			// 3 alone is italic, 4 alone underline: colours have two digits or more.
			if i := strings.Index(painted, code); i >= 0 && i+len(code) < len(painted) && painted[i+len(code)] >= '0' && painted[i+len(code)] <= '9' {
				t.Errorf("role %d: %q carries a colour", r, painted)
			}
		}
	}
	if th.Paint(Selection, "x") == "x" {
		t.Error("selection is invisible without colour")
	}
}

func TestUnknownThemeFallsBackAndSaysSo(t *testing.T) {
	th, err := New("pink", false)
	if err == nil || !strings.Contains(err.Error(), "high-contrast") || th.Name != "dark" {
		t.Fatalf("theme %q, error %v", th.Name, err)
	}
}

func TestASCIISignsAreASCII(t *testing.T) {
	s := signs(true)
	all := s.Ellipsis + s.Mark + s.Tick + s.Rule + s.Full + s.Empty + s.Dot + s.Up + s.Down + strings.Join(s.Spark, "")
	for _, r := range all {
		if r > 0x7e {
			t.Errorf("%q is not ASCII", r)
		}
	}
}

func TestLocaleDecidesUTF8(t *testing.T) {
	cases := map[string]struct {
		env  map[string]string
		want bool
	}{
		"nothing set is the C locale":      {nil, false},
		"LANG alone":                       {map[string]string{"LANG": "de_DE.UTF-8"}, true},
		"LC_ALL=C beats a UTF-8 LANG":      {map[string]string{"LC_ALL": "C", "LANG": "en_US.UTF-8"}, false},
		"LC_CTYPE=UTF-8 as macOS sends it": {map[string]string{"LC_CTYPE": "UTF-8"}, true},
		"spelled utf8":                     {map[string]string{"LANG": "C.utf8"}, true},
		"Latin-1":                          {map[string]string{"LANG": "en_US.ISO-8859-1"}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := UTF8(func(k string) string { return c.env[k] }); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestChooseObeysNoColor(t *testing.T) {
	env := map[string]string{"NO_COLOR": "1", "TERM": "xterm-256color"}
	if got := Choose(func(k string) string { return env[k] }, true); got != "none" {
		t.Errorf("got %q", got)
	}
}
