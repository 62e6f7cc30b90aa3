package silence

import (
	"testing"

	"opsdeck/ops"
)

func TestWhatIsFilledInIsTaken(t *testing.T) {
	var ls []ops.Label
	for _, name := range []string{"alertname", "größe", "データベース", "two words", "a.b", `q"uote`, "ends␛here", "tab    bed"} {
		ls = append(ls, ops.Label{Name: ops.Clean(name), Value: ops.Lit("x")})
	}
	ms, leftOut := own(ls)
	if len(ms) != 6 || leftOut != 2 { // names that cleaning has changed are no names of labels
		t.Errorf("%v, %d left out", ms, leftOut)
	}
	read, err := ops.ParseMatchers(written(ms))
	if err != nil || len(read) != len(ms) {
		t.Fatalf("%v, %v", read, err)
	}
	if _, err := selection(read); err != nil {
		t.Error(err)
	}
}
