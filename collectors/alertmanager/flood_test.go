package alertmanager

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/httpsource"
)

// flood is an answer of n alerts, as a real server writes them.
func flood(n int) string {
	var b strings.Builder
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"annotations":{"description":"The service has not answered its health check for five minutes; the last answer was 503.","runbook_url":"https://runbooks.example/service-down","summary":"service-%d is down"},"endsAt":"2026-11-21T19:25:33.925Z","fingerprint":"%016x","receivers":[{"name":"platform-page"},{"name":"operations"}],"startsAt":"2026-11-21T19:01:33.925Z","status":{"inhibitedBy":[],"silencedBy":[],"state":"active"},"updatedAt":"2026-11-21T19:21:33.925Z","generatorURL":"http://vm:39090/graph?g0.expr=up%%7Bjob%%3D%%22services%%22%%7D+%%3D%%3D+0\u0026g0.tab=1","labels":{"alertname":"ServiceDown","environment":"production","instance":"10.0.%d.%d:8080","job":"services","namespace":"default","service":"service-%d","severity":"critical","team":"platform"}}`,
			i, uint64(i)*0x9e3779b97f4a7c15, i/250, i%250, i)
	}
	b.WriteByte(']')
	return b.String()
}

func TestFiveThousandAlertsAreCountedExactly(t *testing.T) {
	peer := newFakePeer(t, newStore(t))
	peer.bodies["alerts"] = flood(5000)
	c := collectorOf(t, peer.URL)
	c.cfg.Timeout = 20 * time.Second
	f := collect(t, c)
	if len(*f.AlertmanagerAlerts) != 5000 || f.Peers[0].Count != 5000 || (*f.AlertmanagerAlerts)[0].Expr.String() != `up{job="services"} == 0` {
		t.Errorf("%d alerts", len(*f.AlertmanagerAlerts))
	}
}

// BenchmarkCollect5000 is one collection of 5,000 alerts over loopback.
func BenchmarkCollect5000(b *testing.B) {
	peer := newFakePeer(b, &fakeStore{silences: []map[string]any{}})
	peer.bodies["alerts"] = flood(5000)
	c := collectorOf(b, peer.URL)
	c.cfg.Timeout = time.Minute
	b.SetBytes(int64(len(peer.bodies["alerts"])))
	b.ReportAllocs()
	for b.Loop() {
		if f, err := c.Collect(b.Context()); err != nil || len(*f.AlertmanagerAlerts) != 5000 {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode5000 is the decoding alone.
func BenchmarkDecode5000(b *testing.B) {
	body := []byte(flood(5000))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r, in := newAlertReader(), httpsource.NewStream(bytes.NewReader(body), httpsource.AnswerMost)
		err := in.List(func() error {
			err := in.Decode(r.next())
			r.take()
			return err
		})
		if err != nil || r.all.Len() != 5000 {
			b.Fatal(err)
		}
	}
}
