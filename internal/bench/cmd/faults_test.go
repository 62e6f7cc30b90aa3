package main

import (
	"strings"
	"testing"
)

func TestAScreenThatLiesIsFound(t *testing.T) {
	known := map[string]fault{}
	for _, f := range faults(13) {
		known[f.name] = f
	}
	for name, tc := range map[string]struct {
		fault, pane, screen, green, silent string
	}{
		"cause named":                     {"container-killed", "1", "CRITICAL ifrs9-api killed\nCRITICAL containers: 12/13 running", "", ""},
		"cause missing":                   {"container-killed", "1", "CRITICAL containers: 12/13 running", "", "does not say"},
		"counted as good all the same":    {"container-killed", "1", "CRITICAL ifrs9-api killed\nok containers: 13/13 running", "13/13 running", ""},
		"frozen and said":                 {"prometheus-frozen", "0", "sources  prometheus SILENT <1m  docker live", "", ""},
		"frozen and said, with old lists": {"prometheus-frozen", "1", "sources  prometheus SILENT <1m\nok sources: 2/2 fresh", "sources: fresh", ""},
		"frozen and called good":          {"prometheus-frozen", "3", "sources  prometheus ok  docker live", "prometheus ok", "does not say"},
		"a pane that does not tell":       {"crash-loop", "0", "19:20Z ifrs9-validator died, exit 3", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			green, silent := known[tc.fault].judge(tc.pane, strings.Split(tc.screen, "\n"))
			if (tc.green == "") != (green == "") || !strings.Contains(green, tc.green) || (tc.silent == "") != (silent == "") || !strings.Contains(silent, tc.silent) {
				t.Errorf("%q, %q", green, silent)
			}
		})
	}
}
