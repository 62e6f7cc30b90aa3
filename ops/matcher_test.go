package ops

import "testing"

func TestMatchersAreReadAsPeopleTypeThem(t *testing.T) {
	for in, want := range map[string]string{
		`alertname=Down`:                     `alertname="Down"`,
		`alertname="Down", service=~"web.*"`: `alertname="Down" service=~"web.*"`,
		`{a!="x",b!~"y z"}`:                  `a!="x" b!~"y z"`,
		`a="with \"quotes\", commas"`:        `a="with \"quotes\", commas"`,
		`a=`:                                 `a=""`,
		`path="C:\\dir" other=1`:             `path="C:\\dir" other="1"`,
	} {
		ms, err := ParseMatchers(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		got := ""
		for i, m := range ms {
			if i > 0 {
				got += " "
			}
			got += m.String()
		}
		if got != want {
			t.Errorf("%s: got %s", in, got)
		}
	}
	for _, in := range []string{"", "down", `a"b"`, "=x", "a!x", `a="open`} {
		if ms, err := ParseMatchers(in); err == nil {
			t.Errorf("%q was read as %v", in, ms)
		}
	}
}

func TestSelectionsMatchAsAlertmanagerDoes(t *testing.T) {
	labels := []Label{{Clean("alertname"), Clean("Down")}, {Clean("service"), Clean("web-1")}}
	for in, want := range map[string]bool{
		`alertname="Down"`:               true,
		`alertname="down"`:               false,
		`service=~"web"`:                 false, // anchored
		`service=~"web.*"`:               true,
		`service!~"db.*"`:                true,
		`absent=""`:                      true,
		`absent!="x"`:                    true,
		`absent="x"`:                     false,
		`alertname="Down",service="web"`: false,
	} {
		ms, err := ParseMatchers(in)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Compile(ms)
		if err != nil || s.Match(labels) != want {
			t.Errorf("%s: %v, %v", in, !want, err)
		}
	}
	if _, err := Compile([]Matcher{{Name: Clean("a"), Op: MatchRegexp, Value: Clean("(")}}); CodeOf(err) != CodeInvalid {
		t.Errorf("a broken expression: %v", err)
	}
	for in, all := range map[string]bool{`alertname=~".*"`: true, `foo!="x"`: true, `alertname=~".+"`: false, `a="b"`: false} {
		ms, _ := ParseMatchers(in)
		s, err := Compile(ms)
		if err != nil || s.MatchesNothingNamed() != all {
			t.Errorf("%s silences an alert without labels: %v", in, !all)
		}
	}
}

func TestAMatcherReadsBackWhateverItsLabelIsCalled(t *testing.T) {
	for _, name := range []string{"job", "größe", "データベース", "a.b/c:d-e", "two words", `with "quotes"`, "a=b", "a!~b", "{x}", "a,b", `back\slash`, "'", "é́"} {
		for _, op := range []MatchOp{MatchEqual, MatchNotEqual, MatchRegexp, MatchNotRegexp} {
			m := Matcher{Name: Clean(name), Op: op, Value: Clean(name + ` "x", y`)}
			got, err := ParseMatchers(m.String() + ", " + m.String())
			if err != nil || len(got) != 2 || got[0] != m || got[1] != m {
				t.Errorf("%s reads back as %v, %v", m, got, err)
			}
		}
	}
	for _, bad := range []string{`"a`, `""="b"`, `="b"`, `"a""b"`, `"a"b="c"`} {
		if got, err := ParseMatchers(bad); err == nil {
			t.Errorf("%s reads as %v", bad, got)
		}
	}
}
