package pgbackrest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

func TestAFaultIsItsCauseInFewWordsAndHoldsNoSecret(t *testing.T) {
	const http = "\n*** Path/Query ***:\nGET /backups/?prefix=x\n*** Request Headers ***:\nauthorization: AWS4-HMAC-SHA256 Credential=AKIA\n*** Response Content ***:\n"
	for said, want := range map[string]string{
		"": "",
		"ERROR: [055]: unable to open missing file '/x' for read\n":                                                                                                               "unable to open missing file '/x' for read",
		"WARN: configuration file contains invalid option 'nosuch'\nERROR: [032]: key '3' is not valid for 'repo' option\n":                                                       "key '3' is not valid for 'repo' option",
		"2026-11-21 16:09:46.123 P00  ERROR: [082]: WAL was not archived\n                                    HINT: check it\n":                                                   "WAL was not archived",
		"ERROR: [029]: key/value found outside of section at line 1: repo1-cipher-pass=hunter2":                                                                                   "key/value found outside of section at line 1",
		"ERROR: [029]: missing '=' in key/value at line 3: repo1-s3-key hunter2":                                                                                                  "missing '=' in key/value at line 3",
		"[FileOpenError] unable to load info file '/r/backup.info' or '/r/backup.info.copy':\nFormatError: missing '=' in key/value at line 9: hunter2\nHINT: run":                "unable to load info file '/r/backup.info' or '/r/backup.info.copy': missing '=' in key/value at line 9",
		"[PathOpenError] unable to list file info for path '/r/backup': [13] Permission denied":                                                                                   "unable to list file info for path '/r/backup': [13] Permission denied",
		"[HostConnectError] unable to connect to 'localhost:19446': [111] Connection refused":                                                                                     "unable to connect to 'localhost:19446': [111] Connection refused",
		"[ProtocolError] HTTP request failed with 403 (Forbidden):" + http + "<Error><Code>AccessDenied</Code><Message>hunter2</Message></Error>":                                 "HTTP request failed with 403 (Forbidden): AccessDenied",
		"[ProtocolError] HTTP request failed with 403 (Forbidden):" + http + "{\"error\": {\"code\": 403,\n\"message\": \"ci@x.iam does not have storage.objects.list access\"}}": "HTTP request failed with 403 (Forbidden): ci@x.iam does not have storage.objects.list access",
		"[ProtocolError] HTTP request failed with 500 (Internal Server Error):" + http + "<html>":                                                                                 "HTTP request failed with 500 (Internal Server Error)",
		"[ProtocolError] unable to reach https://user:hunter2@host/":                                                                                                              "unable to reach https://•••@host/",
		"[AssertError] repo1-s3-key-secret=hunter2 is odd":                                                                                                                        "repo1-s3-key-secret=••• is odd",
	} {
		if got := faultOf(said); got != want || strings.Contains(got, "hunter2") {
			t.Errorf("%q is %q, want %q", said, got, want)
		}
	}
	if got := faultOf("ERROR: [001]: " + strings.Repeat("ü", 5000)); len(got) > faultMost+3 || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
}

// attacks are what a name or a message may try.
func attacks() []string {
	return []string{"\x1b[2J\x1b[31mred", "\x1b]52;c;cm0=\x07", "a\nb\r\nc\u2028d", "\u202egnp.exe", "ad\u200bmin", "\x00\x7f\a", "\u009b31m",
		"../../etc", "--config=/tmp/evil", "-x", "a b;rm -rf /", strings.Repeat("x", 1<<13), strings.Repeat("\x1b[5m", 1<<10), ""}
}

func TestHostileAnswersAreMadeVisibleAndReachNoArgument(t *testing.T) {
	type object = map[string]any
	var backups, archives, dbs []object
	files := object{".": object{"type": "path"}}
	for i, evil := range attacks() {
		good := fmt.Sprintf("2026112%d-035600F", i%10)
		for _, label := range []string{evil, good} {
			backups = append(backups, object{"label": label, "type": evil, "prior": evil, "reference": []string{evil, good}, "database": object{"id": 1, "repo-key": 1},
				"archive": object{"start": evil, "stop": evil}, "lsn": object{"start": evil, "stop": evil}, "timestamp": object{"start": int64(1) << 62, "stop": -1}, "info": object{"size": -1}})
		}
		backups = append(backups, object{"label": good, "timestamp": evil}, object{"label": good, "reference": evil})
		archives = append(archives, object{"id": evil, "min": evil, "max": evil, "database": object{"id": 100 + i, "repo-key": 1}})
		dbs = append(dbs, object{"id": 100 + i, "repo-key": 1, "system-id": 1, "version": evil})
		files[evil] = object{"type": evil, "size": -1, "time": int64(1) << 62}
		files[evil+"0000000100000000"] = object{"type": "path"}
	}
	archives = append(archives, object{"id": "15-1", "database": object{"id": 999, "repo-key": 1}})
	info, err := json.Marshal([]object{{"name": "lab", "backup": backups, "archive": archives, "db": dbs,
		"repo": []object{{"key": 1, "status": object{"code": 0, "message": "ok"}}}, "status": object{"lock": object{"backup": object{"held": true, "size": 1, "size-cplt": int64(1) << 60}}}}})
	if err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t)
	e.info[1] = outcome{out: string(info)}
	e.every = func(argv []string) (outcome, bool) {
		last := argv[len(argv)-1]
		if last == "version" {
			return outcome{out: "pgBackRest \x1b[31m2.45"}, true
		}
		return outcome{out: string(list)}, strings.HasPrefix(last, "archive/")
	}
	col, _ := collectorOf(t, e, 1)
	for range 2 {
		b, o := collect(t, col)
		if len(b.Sets) != len(attacks()) || len(o.Notes) != 1 || b.Repositories[0].WAL.Odd.Count < len(attacks()) || b.Progress.Known {
			t.Errorf("%d backups, %q, %d odd files", len(b.Sets), o.Notes, b.Repositories[0].WAL.Odd.Count)
		}
		seen := visible(t, o)
		if seen < 5*len(attacks()) {
			t.Errorf("the walk saw %d texts", seen)
		}
	}
	for _, argv := range e.argvs {
		if p := argv[len(argv)-1]; path.Clean(p) != p || strings.HasPrefix(p, "archive/") && strings.TrimSuffix(p, "/0000000100000000") != "archive/lab/15-1" {
			t.Errorf("it is asked for %q", argv)
		}
	}
	for _, evil := range attacks() {
		message, _ := json.Marshal(evil) // a string has its JSON
		e.info[1] = outcome{out: `[{"name":"lab","repo":[{"key":1,"status":{"code":99,"message":` + string(message) + `}}]}]`}
		_, o := collect(t, col)
		visible(t, o)
		e.info[1] = outcome{said: evil, code: 7}
		if _, err := col.Collect(t.Context()); err == nil || strings.ContainsFunc(err.Error(), unicode.IsControl) {
			t.Errorf("%.80q: %v", evil, err)
		}
	}
}

// visible sees that an observation can be sent and printed.
func visible(t *testing.T, o ops.Observation) (texts int) {
	t.Helper()
	wire, err := json.Marshal([]any{o.Backups, o.Notes, o.Version})
	if err != nil {
		t.Errorf("it cannot be sent: %v", err)
	}
	for in := json.NewDecoder(bytes.NewReader(wire)); ; {
		token, err := in.Token()
		if err != nil {
			return texts // it was written by us, so that is its end
		}
		s, _ := token.(string)
		texts++
		bad := func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x200b || r == 0x2028
		}
		if strings.ContainsFunc(s, bad) || utf8.RuneCountInString(s) > ops.MaxText+16 {
			t.Errorf("it came through: %.80q", s)
		}
	}
}

// endless is an answer that begins well and never ends.
type endless struct{ head, again string }

func (e *endless) Read(p []byte) (int, error) {
	for len(e.head) < len(p) {
		e.head += strings.Repeat(e.again, 1+len(p)/len(e.again))
	}
	n := copy(p, e.head)
	e.head = e.head[n:]
	return n, nil
}

func TestAnAnswerThatNeverEndsIsGivenUp(t *testing.T) {
	for name, c := range map[string]*endless{
		"backups":      {head: `[{"name":"lab","backup":[{}`, again: `,{"label":"20261127-035600F","database":{"repo-key":1}}`},
		"one string":   {head: `[{"name":"`, again: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
		"one list":     {head: `[{"name":"lab","backup":[{"reference":[""`, again: `,""`},
		"deep":         {again: `[`},
		"other fields": {head: `[{"name":"lab"`, again: `,"other":[1,2,3,4,5,6,7,8,9]`},
		"blanks":       {again: "                                                                "},
	} {
		col := New(Config{Stanza: "lab", Command: "pgbackrest", Timeout: time.Minute, Now: time.Now, Plan: ops.BackupPlan{Repositories: []ops.RepositoryPlan{{Key: 1}}},
			Run: func(ctx context.Context, _ []string, out io.Writer) ([]byte, int, error) {
				_, err := io.Copy(out, c) // ends when nobody reads
				return nil, -1, err
			}})
		var told told
		err := col.json(t.Context(), col.command(1, "info"), 2<<20, func(in *httpsource.Stream) (err error) {
			told, err = readInfo(in, "p", "lab", ops.RepositoryPlan{Key: 1})
			return err
		})
		if err == nil || len(told.sets) > 2*setsMost {
			t.Errorf("%s: %v, %d backups", name, err, len(told.sets))
		}
	}
}

// FuzzInfo asks of any answer that what is made of it is within bounds.
func FuzzInfo(f *testing.F) {
	for _, name := range []string{"info-two-repos.json", "info-running.json", "info-wrong-secret.json", "info-empty-repo.json"} {
		f.Add(recordedText(f, name))
	}
	f.Add(`[{"name":"lab","backup":[{"label":"20261127-035600F","timestamp":{"start":9e99},"error":null,"database":{"repo-key":1}}],"repo":null}]`)
	f.Add(`[null,{"name":null},{"name":"lab","name":"x","db":[{"id":-5,"repo-key":1,"system-id":1e5}]}]`)
	f.Fuzz(func(t *testing.T, text string) {
		told, err := readInfo(httpsource.NewStream(strings.NewReader(text), infoMost), "p", "lab", ops.RepositoryPlan{Name: ops.Lit("r"), Key: 1})
		if err != nil {
			return
		}
		if size := told.segmentSize(); ops.CheckWALSegment(size) != nil || told.archive != "" && !archiveID.MatchString(told.archive) {
			t.Errorf("segments of %d in %q", size, told.archive)
		}
		for _, b := range told.sets {
			if !label.MatchString(b.Label.String()) || b.Key != 1 || b.Size.Value < 0 {
				t.Errorf("%+v", b)
			}
		}
		visible(t, ops.Observation{Backups: &ops.Backups{Sets: told.sets, Cluster: told.cluster}})
		if fault := faultOf(told.message); len(fault) > faultMost+3 {
			t.Errorf("a fault of %d bytes", len(fault))
		}
	})
}
