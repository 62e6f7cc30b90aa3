package judge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestAStandbyThatLivesIsToldOfBeforeItsServerIsReplaced(t *testing.T) {
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	v := ops.Backups{Database: ops.Lit("shop"), Cluster: ops.Lit("7"), Receiver: &ops.WALReceiver{Slot: ops.Lit("opsdeck")}}
	primary := func(replicas ...ops.Replica) ops.Reading[ops.Database] {
		return ops.Reading[ops.Database]{Source: v.Database, State: ops.SourceFailing, At: noon, Value: ops.Database{Cluster: ops.Cluster{ID: v.Cluster}, Replicas: replicas}}
	}
	standby := func(state ops.SourceState, cluster string, u ops.Upstream) ops.Reading[ops.Database] {
		return ops.Reading[ops.Database]{Source: ops.Lit("replica"), State: state, At: noon, Value: ops.Database{Standby: true, Cluster: ops.Cluster{ID: ops.Clean(cluster)}, Upstream: u}}
	}
	for name, x := range map[string]struct {
		all  ops.Readings[ops.Database]
		want string // what each warning begins with; empty: there is none
	}{
		"the server alone":            {ops.Readings[ops.Database]{primary()}, ""},
		"a standby that streams":      {ops.Readings[ops.Database]{primary(), standby(ops.SourceOK, "7", ops.Upstream{Receiving: true, Host: ops.Lit("10.0.0.1"), Received: ops.Lit("0/5000000")})}, "replica, a standby of this cluster, lives and streams from 10.0.0.1, with WAL up to 0/5000000; make it the primary"},
		"one that streams no more":    {ops.Readings[ops.Database]{primary(), standby(ops.SourceOK, "7", ops.Upstream{Received: ops.Lit("0/5000000")})}, "replica, a standby of this cluster, lives, with WAL up to 0/5000000; "},
		"one that does not answer":    {ops.Readings[ops.Database]{primary(), standby(ops.SourceFailing, "7", ops.Upstream{})}, "replica, a standby of this cluster, may live: it was seen last at 2026-11-27 12:00:00Z; "},
		"one of another cluster":      {ops.Readings[ops.Database]{primary(), standby(ops.SourceOK, "8", ops.Upstream{Receiving: true})}, ""},
		"one that no source tells of": {ops.Readings[ops.Database]{primary(ops.Replica{Name: ops.Lit("r2"), Client: ops.Lit("10.0.0.9"), Slot: ops.Lit("r2")})}, "r2 at 10.0.0.9 streamed from this server when that was seen last, at 2026-11-27 12:00:00Z; look"},
		"one that was gone by then":   {ops.Readings[ops.Database]{primary(ops.Replica{Name: ops.Lit("r2"), Gone: noon})}, ""},
		"our own receiver":            {ops.Readings[ops.Database]{primary(ops.Replica{Name: ops.Lit("opsdeck"), Slot: ops.Lit("opsdeck")})}, ""},
	} {
		got := Followers(ops.Board{Databases: x.all}, v)
		if (len(got) == 1) != (x.want != "") || len(got) > 1 || len(got) == 1 && !strings.HasPrefix(got[0].String(), x.want) {
			t.Errorf("%s: %s\nwant %s", name, fmt.Sprint(got), x.want)
		}
	}
}
