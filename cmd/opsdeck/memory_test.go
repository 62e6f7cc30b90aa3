package main

import "testing"

func TestTheMemoryLimitLeavesRoomAboveWhatIsKept(t *testing.T) {
	const mib = 1 << 20
	for situation, tc := range map[string]struct {
		inUse []uint64
		want  int64
	}{
		"just begun":                  {nil, 46},
		"little is kept":              {[]uint64{20 * mib, 20 * mib}, 46},
		"needed for a moment alone":   {[]uint64{20 * mib, 400 * mib, 20 * mib}, 46},
		"kept for good":               {[]uint64{200 * mib, 220 * mib}, 400},
		"so much that 46 is the less": {[]uint64{30 * mib}, 60},
	} {
		if got := agentMemory.limit(tc.inUse); got != tc.want*mib {
			t.Errorf("%s: %d MiB", situation, got/mib)
		}
	}
}
