package report_test

import (
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report"
)

func TestTheLevelOfALineIsFoundWhereLoggersWriteIt(t *testing.T) {
	for in, want := range map[string]string{
		`{"level":"warn","msg":"slow"}`:                             "warn",
		`{"level":50,"msg":"pino"}`:                                 "error",
		`{"severity":"CRITICAL","message":"full"}`:                  "fatal",
		`time="2026-11-21T02:00:00Z" level=error msg="no"`:          "error",
		`2026-11-21 02:00:00.000 UTC [71] FATAL:  too many clients`: "fatal",
		`2026/11/21 02:00:00 [error] 31#31: *1 connect() failed`:    "error",
		`INFO:     127.0.0.1:1 - "GET /health HTTP/1.1" 200 OK`:     "info",
		`2026-11-21 02:00:00,000 WARNING batch late`:                "warn",
		`GET /ERRORS 200`:            "",
		`plain words about an error`: "",
		`[71] no level in brackets`:  "",
		strings.Repeat("x ", 60) + "ERROR is what the line is about": "",
	} {
		if got := report.ReadLog(ops.Clean(in)).Word; got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestAFilterFindsLevelFieldAndContainerOfALogLine(t *testing.T) {
	line := ops.Line{From: ops.NewRef(ops.KindContainer, "docker", "api"), Text: ops.Clean(`{"level":"error","msg":"no answer","status":500,"user":{"id":7}}`)}
	for filter, want := range map[string]bool{
		"level=error": true, "!level=error": false, "level=warn": false, "status=500": true, "from=api": true, "from=db": false,
		`"status":500`: true, "no answer": true, `user={"id":7}`: true,
	} {
		if got := report.ParseFilter(filter).MatchText(report.ReadLog(line.Text).Search(line)); got != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
}

func TestLargeNumbersInJSONStayAsTheyWereWritten(t *testing.T) {
	if got := report.LogText(ops.Clean(`{"msg":"batch","id":1732222222000}`)).String(); got != "batch id=1732222222000" {
		t.Error(got)
	}
}
