package tui

import (
	"regexp"
	"testing"

	"opsdeck/report/testdata/fixture"
)

func TestTheDatabasePaneShowsTreesServersAndStatements(t *testing.T) {
	r := newRig(fixture.Locked(), "none")
	r.send(size(120, 40))
	r.press("4")
	r.wants(t, "[4 Database]", "CRITICAL  41/100 connections, 5 blocked", "blocking  2 trees, 7 sessions, 4 deep", "> 7412 nightly-close", `      \_ 7433 report-reader`)
	r.press("j", "v")
	r.wants(t, "replica replica-2", "1.3M behind, 1m35s", "retains 3.0M", "archiver                   FAILS", "prepared transaction       'close-2026-11-20'", "replica replica-3          GONE", "limit of role report     5/5", "grows by 210M an hour", "181M of 2147M", "not known")
	r.lacks(t, "nightly-close        idle in tx")
	r.press("v")
	r.wants(t, "UPDATE loans SET exposure = exposure + $1", "2h32m")
	r.press("v")
	r.wants(t, "> 7412 nightly-close")
}

func TestTheSelectedSessionIsOpenedAndActedOn(t *testing.T) {
	r := newRig(fixture.Locked(), "none")
	r.press("4", "j", "enter")
	if r.calls("detail session:orders-db/7420") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
	r.press("esc", "x")
	r.wants(t, "what to do with session 7420 stage-writer")
	if r.calls("actions") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestTheFilterOutlivesTheView(t *testing.T) {
	r := newRig(fixture.Exhausted(), "none")
	r.send(size(120, 40))
	r.press("4", "/")
	r.typed("ledger")
	r.press("enter")
	r.wants(t, "311 ledger", "GRANT pg_monitor TO opsdeck")
	r.lacks(t, "7412")
	r.press("v")
	r.wants(t, "lag hidden: no pg_monitor")
	r.lacks(t, "replica-2")
}

func TestTheOverviewsLineOpensTheDatabases(t *testing.T) {
	r := newRig(fixture.Exhausted(), "none")
	r.send(size(120, 40))
	r.wants(t, "connections exhausted 97/100", "61 idle from web; new logins", "database orders-db: 97/100 connections")
	line := regexp.MustCompile(`(?m)^> \w+ +database orders-db: `)
	for i := 0; i < 30 && !line.MatchString(r.screen()); i++ {
		r.press("j")
	}
	r.press("enter")
	r.wants(t, "[4 Database]")
}

func TestThePaletteFindsASession(t *testing.T) {
	r := newRig(fixture.Locked(), "none")
	r.press(":")
	r.typed("nightlyclose")
	r.wants(t, "> session   7412 nightly-close")
	r.press("enter")
	if r.calls("detail session:orders-db/7412") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
}
