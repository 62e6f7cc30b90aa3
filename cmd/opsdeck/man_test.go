package main

import (
	"os/exec"
	"strings"
	"testing"
)

func TestTheManPageReadsAsAPage(t *testing.T) {
	root := (&app{env: env()}).root()
	text, err := manPage(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`\fB-e, --estate\fP`, ".SH COMMANDS", `\fBhistory\fP`, `\fBman\fP`, "of one system) on one screen, starts"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in it", want)
		}
	}
	for _, odd := range []string{`\fB--e --`, ".PP\n.PP", "\n\n"} {
		if strings.Contains(text, odd) {
			t.Errorf("it has %q", odd)
		}
	}
	help, out := strings.Contains(root.UsageString(), "Print the man page"), root.Long
	if !help || strings.Contains(out, "on one screen,") {
		t.Errorf("in the help: %t; the page changed what help prints: %q", help, out)
	}
}

// TestInstallPutsEverythingInItsPlaceAndUninstallTakesItAway builds nothing: the binary is
// a stand-in.
func TestInstallPutsEverythingInItsPlaceAndUninstallTakesItAway(t *testing.T) {
	dest := t.TempDir()
	made := func(target string) string {
		t.Helper()
		c := exec.Command("make", "-s", "-C", "../..", target, "BIN=cmd/opsdeck/testdata/standin", "DESTDIR="+dest, "PREFIX=/opt/o")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("make %s: %v\n%s", target, err, out)
		}
		out, err := exec.Command("find", dest, "-type", "f", "-printf", "%P %m\n").Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	there := made("install")
	for _, want := range []string{"opt/o/bin/opsdeck 755", "opt/o/share/man/man1/opsdeck.1 644", "opt/o/share/bash-completion/completions/opsdeck 644",
		"opt/o/share/zsh/site-functions/_opsdeck 644", "opt/o/share/fish/vendor_completions.d/opsdeck.fish 644"} {
		if !strings.Contains(there, want+"\n") {
			t.Errorf("%s is not among:\n%s", want, there)
		}
	}
	if left := made("uninstall"); left != "" {
		t.Errorf("it leaves:\n%s", left)
	}
}

func TestAVersionSaysItsCommitOnce(t *testing.T) {
	for _, c := range [][4]string{
		{"devel", "", "", "devel"}, {"v1.2.0", "0123456789abcdef", "today", "v1.2.0 (0123456789ab, today)"},
		{"v1.2.0-3-g01234567-dirty", "01234567", "today", "v1.2.0-3-g01234567-dirty (today)"}, {"01234567", "01234567", "today", "01234567 (today)"},
	} {
		if got := versionOf(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("%v: %s", c, got)
		}
	}
}
