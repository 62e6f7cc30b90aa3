package alertmanager

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"opsdeck/ops"
)

// attacks are what a label or a comment may try. JSON turns raw bytes that are no
// UTF-8 into U+FFFD before we see them; the raw ones are sent raw.
func attacks() []string {
	return []string{
		"\x1b[2J\x1b[31mred", "\x1b]52;c;cm0=\x07", "\x1b]8;;http://evil\x1b\\here\x1b]8;;\x1b\\", "\x1bP0;1|17/ab\x1b\\",
		"\u009b31m", "ERROR\rOK all good", "bad\b\b\bok", "a\nb\r\nc\u2028d", "\u202egnp.exe", "ad\u200bmin", "\x00\x7f\a",
		strings.Repeat("a\u0301\u0302\u0303\u0304", 50), strings.Repeat("x", 1<<20), strings.Repeat("\x1b[5m", 1<<12),
	}
}

func TestHostileTextIsMadeVisible(t *testing.T) {
	type object = map[string]any
	var alerts, silences []object
	for i, evil := range attacks() {
		alerts = append(alerts, object{"fingerprint": evil, "generatorURL": "http://x/graph?g0.expr=" + evil, "startsAt": evil, "updatedAt": evil,
			"labels": object{"alertname": evil, evil: evil}, "annotations": object{"summary": evil, "description": evil, "runbook_url": evil},
			"receivers": []object{{"name": evil}}, "status": object{"state": evil, "silencedBy": []string{evil}, "inhibitedBy": []string{evil}, "mutedBy": []string{evil}}})
		silences = append(silences, object{"id": fmt.Sprint(i, evil), "comment": evil, "createdBy": evil, "status": object{"state": evil}, "endsAt": evil,
			"matchers": []object{{"name": evil, "value": evil, "isRegex": true}}})
	}
	peer := newFakePeer(t, newStore(t))
	for path, v := range map[string]any{"alerts": alerts, "silences": silences, "status": object{"versionInfo": object{"version": "\x1b[31m"}, "cluster": object{"status": "\x1b"}}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		peer.bodies[path] = string(b)
	}
	// Raw bytes, which no encoder would send.
	peer.bodies["alerts"] = strings.Replace(peer.bodies["alerts"], `"ERROR\rOK all good"`, "\"\x9b31m\xff\"", 1)
	c := collectorOf(t, peer.URL)
	c.cfg.Timeout = 20 * time.Second
	f := collect(t, c)
	if len(*f.AlertmanagerAlerts) != len(attacks()) || len(*f.Silences) != len(attacks()) {
		t.Errorf("%d alerts, %d silences", len(*f.AlertmanagerAlerts), len(*f.Silences))
	}
	seen := 0
	for _, v := range []any{f.AlertmanagerAlerts, f.Silences, f.Peers, f.Notes, f.Version} {
		everyText(reflect.ValueOf(v), func(s string) {
			seen++
			if n := utf8.RuneCountInString(s); n > ops.MaxText+16 {
				t.Errorf("%d runes", n)
			}
			for _, r := range s {
				if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x200b || r == 0x2028 || r == 0x85 {
					t.Errorf("%U came through in %.40q", r, s)
				}
			}
		})
	}
	if seen < 15*len(attacks()) {
		t.Errorf("the walk saw %d texts", seen)
	}
	if all := fmt.Sprint(*f.AlertmanagerAlerts); !strings.Contains(all, "␛[2J") || !strings.Contains(all, "<U+202E>") {
		t.Error("the attack is not to be seen")
	}
}

// everyText hands every string below v to see.
func everyText(v reflect.Value, see func(string)) {
	switch v.Kind() {
	case reflect.String:
		see(v.String())
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			everyText(v.Elem(), see)
		}
	case reflect.Slice:
		for i := range v.Len() {
			everyText(v.Index(i), see)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			everyText(v.Field(i), see)
		}
	}
}

func TestHostileErrorsAreMadeVisible(t *testing.T) {
	for _, evil := range attacks() {
		for _, body := range []any{evil, map[string]any{"message": evil}} {
			b, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			got := reply{status: 400, body: b}
			text := (&peer{}).refusal("silences", got).Error()
			if strings.ContainsFunc(text, unicode.IsControl) || utf8.RuneCountInString(text) > ops.MaxText+100 {
				t.Errorf("%.80q", text)
			}
		}
	}
}
