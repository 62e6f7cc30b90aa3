package httpsource

import (
	"fmt"
	"testing"

	"opsdeck/ops"
)

func TestAHundredThousandLabels(t *testing.T) {
	labels := map[string]string{"alertname": "Flood", "aaa": "first"}
	for i := range 100_000 {
		labels[fmt.Sprintf("b%06d", i)] = "v"
	}
	got := Labels(labels, Once(ops.Clean))
	if len(got) != labelsMost || ops.LabelOf(got, "alertname").String() != "Flood" || got[0].Value.String() != "first" {
		t.Errorf("%d labels", len(got))
	}
}
