package main

import "testing"

func TestTheMemoryLimitLeavesRoomAboveWhatIsKept(t *testing.T) {
	const mib = 1 << 20
	for situation, tc := range map[string]struct {
		inUse []uint64
		want  int64
	}{
		"just begun":                  {nil, 96},
		"little is kept":              {[]uint64{30 * mib, 30 * mib}, 96},
		"needed for a moment alone":   {[]uint64{30 * mib, 400 * mib, 30 * mib}, 96},
		"kept for good":               {[]uint64{200 * mib, 220 * mib}, 300},
		"so much that 96 is the less": {[]uint64{100 * mib}, 150},
	} {
		if got := agentMemory.limit(tc.inUse); got != tc.want*mib {
			t.Errorf("%s: %d MiB", situation, got/mib)
		}
	}
}
