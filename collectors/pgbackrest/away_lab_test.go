//go:build lab

package pgbackrest

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// TestLabAStoreThatRefusesAndOneThatHangs has the second repository of a plan in a store that
// refuses each connection, and in one that takes it and says nothing. Either costs the poll no
// more than the plan's timeout and the first repository nothing.
func TestLabAStoreThatRefusesAndOneThatHangs(t *testing.T) {
	t.Parallel() // it waits all of the time
	s := newStanza(t)
	s.Does("stanza-create")
	hangs, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hangs.Close() //nolint:errcheck // the test is over
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refuses := closed.Addr().(*net.TCPAddr).Port
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		port int
		most time.Duration
		why  string
	}{ // it tries again for some 20 s where it is refused
		"refuses": {refuses, 27 * time.Second, "Connection refused"},
		"hangs":   {hangs.Addr().(*net.TCPAddr).Port, 9 * time.Second, "no answer within 8.1s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := s.Write(name+".conf", fmt.Sprintf("[global]\nrepo1-path=%[1]s/repo1\nrepo2-type=s3\nrepo2-path=/pg\nrepo2-s3-bucket=b\nrepo2-s3-endpoint=localhost\nrepo2-storage-host=localhost\nrepo2-storage-port=%[2]d\nrepo2-s3-region=r\n"+
				"repo2-s3-key=hunter1\nrepo2-s3-key-secret=hunter2\nlog-path=%[1]s/log\nlock-path=%[1]s/lock\nio-timeout=5\n[t]\npg1-path=%[1]s/data\n", s.Dir, c.port))
			col := s.collector(func(of *Config) { of.File, of.Timeout = file, c.most })
			began := time.Now()
			b, _ := collect(t, col)
			if took := time.Since(began); took > c.most {
				t.Errorf("it took %s", took)
			}
			one, two := b.Repositories[0], b.Repositories[1]
			said := two.Fault.String()
			if !one.Fault.Empty() || one.Code != statusNoBackup || one.Read.Sub(began) > c.most/3 {
				t.Errorf("the first repository: %+v", one)
			}
			if !strings.Contains(said, c.why) || strings.Contains(said, "hunter") || !two.Read.IsZero() {
				t.Errorf("the second: %+v", two)
			}
		})
	}
}
