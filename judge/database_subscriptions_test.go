package judge

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestASubscriptionThatAppliesNothingIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		enabled, works bool
		gone           time.Duration // 0: it has a worker
		want           string
		next           string
	}{
		"it applies":                  {enabled: true, works: true},
		"disabled":                    {want: "warning subscription or\"ders of database shop is disabled", next: `ALTER SUBSCRIPTION "or""ders" ENABLE`},
		"its worker begins anew":      {enabled: true, gone: 10 * time.Second},
		"its worker is gone":          {enabled: true, gone: 40 * time.Second, want: "warning subscription or\"ders of database shop has no worker"},
		"its worker is gone for long": {enabled: true, gone: time.Hour, want: "critical subscription or\"ders of database shop has no worker"},
	} {
		s := ops.Subscription{Name: ops.Lit(`or"ders`), Database: ops.Lit("shop"), Enabled: c.enabled, Works: c.works}
		if c.gone > 0 {
			s.Gone = now.Add(-c.gone)
		}
		d := Database(dbEstate(), ops.Database{Subscriptions: []ops.Subscription{s}}, now)
		if c.want == "" {
			if len(d.Findings) != 0 || d.Subscriptions[0].Level != ops.LevelOK {
				t.Errorf("%s: %+v", name, d.Findings)
			}
			continue
		}
		if len(d.Findings) != 1 {
			t.Errorf("%s: %+v", name, d.Findings)
			continue
		}
		f := d.Findings[0]
		if got := f.Level.String() + " " + f.What.String(); got != c.want || f.Cause.Empty() || f.Key.Empty() || d.Subscriptions[0].Level != f.Level || !f.Since.Equal(s.Gone) {
			t.Errorf("%s: %q, %+v", name, got, f)
		}
		if c.next != "" && (f.Next[0].SQL.String() != c.next || f.Next[0].In.String() != "shop") || strings.Contains(f.Key.String(), "database") {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
