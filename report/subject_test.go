package report

import "testing"

func TestASubjectIsNamedOnce(t *testing.T) {
	for _, c := range [][3]string{{"lab", "", ""}, {"lab", "the engine is stopped", "lab: the engine is stopped"}, {"lab", "lab: the engine is stopped", "lab: the engine is stopped"}, {"lab", "lab2: away", "lab: lab2: away"}} {
		if got := about(c[0], c[1]); got != c[2] {
			t.Errorf("about(%q, %q) = %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
