package tui

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"opsdeck/themes"
	"opsdeck/tui/keys"
)

const keysPage = "../docs/guide/keys.md"

func TestKeysPageIsWhatTheKeyMapSays(t *testing.T) {
	want := keysGuide(t)
	if *update {
		if err := os.WriteFile(keysPage, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(keysPage)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the key map says: go test ./tui -run TestKeysPage -update", keysPage)
	}
}

// places names the places where a key can be alive.
func places() []struct {
	scope keys.Scope
	name  string
} {
	return []struct {
		scope keys.Scope
		name  string
	}{{keys.InLists, "lists"}, {keys.InText, "opened objects"}, {keys.InLogs, "logs"}, {keys.InAlerts, "Alerts"}, {keys.InSilences, "silences"},
		{keys.InTriage, "an opened alert"}, {keys.InCalls, "the escalation matrix"}, {keys.InDatabase, "Database"}, {keys.InBackups, "Backups"},
		{keys.InLoads, "Load runs"}, {keys.InLoadRun, "an opened run"}}
}

// where names a set of places.
func where(t *testing.T, s keys.Scope) string {
	if s == keys.Everywhere {
		return "everywhere"
	}
	var names []string
	for _, p := range places() {
		if s&p.scope != 0 {
			names, s = append(names, p.name), s&^p.scope
		}
	}
	if s != 0 {
		t.Fatalf("scope %b has a place that this test has no name for", s)
	}
	return strings.Join(names, ", ")
}

// keysGuide is the page of the guide about keys, from the one table of keys.
func keysGuide(t *testing.T) []byte {
	var b bytes.Buffer
	b.WriteString("# Keys\n\nGenerated from the key map. In the console `?` shows those of where you are.\n\n")
	b.WriteString("| key | does | where | name |\n|---|---|---|---|\n")
	for _, r := range keys.Defaults(digits(panes())) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", strings.Join(r.Keys(), "` `"), r.Help().Desc, where(t, r.Scope), r.Name)
	}
	fmt.Fprintf(&b, `
Panes and actions that are not built yet have no key.

## Your own keys and colours

They stand in `+"`~/.config/opsdeck/config.yaml`"+`. Everything in it may be left out:

    theme: light            # %s
    keys:                   # by the names above; replaces that name's keys
      freeze: [F]
      suspend: [f12]
    bell: false             # no bell for a new critical
    ascii: true             # plain signs; default: by the locale
    slow: true              # fewer frames; default: on under ssh

A key that would mean two things in one place sends the whole map back to the defaults, and the console says so; a
name has to keep at least one key. NO_COLOR turns colours off whatever the theme.
`, strings.Join(themes.Names(), ", "))
	return b.Bytes()
}
