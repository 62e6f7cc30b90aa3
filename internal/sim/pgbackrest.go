package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pgBackRest's exit codes of what can go wrong here.
const (
	exitUsage   = 27
	exitHeld    = 50
	exitStopped = 62
	exitNoWAL   = 82
)

// order is a call of the simulated pgBackRest.
type order struct {
	Words []string
	PID   int // of who called
}

// values are its options.
func (o order) value(option string) string {
	for _, w := range o.Words {
		if v, ok := strings.CutPrefix(w, "--"+option+"="); ok {
			return v
		}
	}
	return ""
}

// command is the first word that is no option, and what follows it.
func (o order) command() (string, string) {
	var words []string
	for _, w := range o.Words {
		if !strings.HasPrefix(w, "--") {
			words = append(words, w)
		}
	}
	return at(words, 0), at(words, 1)
}

func at(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return ""
}

// PgBackRest is the handler behind the simulated program: the words of a call are posted
// to it, its answer is what the program prints, and the trailers are the rest. Locks are
// in dir, as the program's are.
func (w *World) PgBackRest(dir string) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var o order
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		rw.Header().Set("Trailer", "Exit-Code, Said")
		c := &call{archive: w.archive, order: o, dir: dir, out: rw}
		code := c.run(r)
		rw.Header().Set("Exit-Code", strconv.Itoa(code))
		rw.Header().Set("Said", strings.Join(c.said, "\t"))
	})
}

// call is one call under way.
type call struct {
	*archive
	order
	dir  string
	out  http.ResponseWriter
	said []string // its error output
}

func (c *call) line(text string) {
	fmt.Fprintln(c.out, text)
	if f, ok := c.out.(http.Flusher); ok {
		f.Flush()
	}
}

// log is a line as pgBackRest writes it.
func (c *call) log(level, format string, args ...any) {
	c.line(fmt.Sprintf("%s P00 %6s: %s", c.w.now().UTC().Format("2006-01-02 15:04:05.000"), level, fmt.Sprintf(format, args...)))
}

// fail says an error where the call wants it.
func (c *call) fail(code int, what string) int {
	text := fmt.Sprintf("ERROR: [%03d]: %s", code, what)
	if c.value("log-level-console") == "info" {
		c.line(c.w.now().UTC().Format("2006-01-02 15:04:05.000") + " P00  " + text)
	} else {
		c.said = append(c.said, text)
	}
	return code
}

// run does what a call asks for and returns its exit code.
func (c *call) run(r *http.Request) int {
	command, path := c.command()
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.advance(c.w.now())
	key, _ := strconv.Atoi(c.value("repo"))
	if _, there := c.first[key]; !there && slices.Contains([]string{"info", "repo-ls", "backup", "verify", "expire"}, command) {
		return c.fail(exitUsage, fmt.Sprintf("key '%s' is not valid for 'repo' option", c.value("repo")))
	}
	switch command {
	case "version":
		c.line("pgBackRest " + c.script.Version)
	case "info":
		c.line(c.info(key))
	case "repo-ls":
		c.line(c.list(key, path))
	case "stop", "start":
		return c.turn(command == "stop")
	case "backup", "verify", "check", "expire":
		if !c.stopped.IsZero() {
			return c.fail(exitStopped, "stop file exists for stanza "+c.script.Stanza)
		}
		switch command {
		case "verify":
			c.verify(key)
		case "check":
			c.check()
		case "expire":
			c.expires(key)
		default:
			return c.backup(r, key)
		}
	default:
		return c.fail(exitUsage, fmt.Sprintf("the simulation has no command '%s'", command))
	}
	return 0
}

// turn stops or starts it, by the file that tells of it.
func (c *call) turn(stop bool) int {
	name := filepath.Join(c.dir, c.script.Stanza+".stop")
	var err error
	switch {
	case stop:
		if c.stopped.IsZero() {
			c.stopped = c.w.now()
		}
		err = os.WriteFile(name, nil, 0o600)
	case !c.stopped.IsZero():
		c.stopped = time.Time{}
		err = os.Remove(name)
	}
	if err != nil {
		return c.fail(41, err.Error())
	}
	return 0
}

// backup makes one while the caller waits. The world goes on meanwhile.
func (c *call) backup(r *http.Request, key int) int {
	if !c.until.IsZero() {
		return c.fail(exitHeld, "unable to acquire lock on file '"+c.lock()+"': Resource temporarily unavailable")
	}
	began := c.w.now()
	c.making, c.in, c.from = c.begun(key, c.value("type"), began), key, began
	c.until = c.making.to
	label, kind := c.making.label, c.making.kind
	c.log("INFO", "backup command begin %s: --repo=%d --type=%s", c.script.Version, key, c.value("type"))
	c.log("INFO", "execute non-exclusive backup start: backup begins after the next regular checkpoint completes")
	c.log("INFO", "backup start archive = %s, lsn = %s", walName(c.segment(began)), lsn(c.segment(began), 0x28))
	defer os.Remove(c.lock()) //nolint:errcheck // a file that is left over is no lock
	for !c.until.IsZero() {
		c.holds()
		c.w.mu.Unlock()
		select {
		case <-r.Context().Done():
			c.w.mu.Lock()
			c.until = time.Time{} // who made it has gone, and it with them
			return 0
		case <-time.After(pace):
		}
		c.w.mu.Lock()
		c.w.advance(c.w.now())
	}
	if !c.stopped.IsZero() {
		return c.fail(exitNoWAL, "WAL segment "+walName(c.segment(c.w.now()))+" was not archived before the 60000ms timeout")
	}
	c.log("INFO", "new backup label = %s", label)
	c.log("INFO", "%s backup size = %dMB, file total = 1275", kind, c.script.Size)
	c.log("INFO", "backup command end: completed successfully (%dms)", c.w.now().Sub(began).Milliseconds())
	return 0
}

// check switches WAL, and says that it came everywhere.
func (c *call) check() {
	name := walName(c.segment(c.w.now()))
	c.switches = append(c.switches, c.w.now())
	for _, r := range c.script.Repositories {
		c.log("INFO", "check repo%d archive for WAL (primary)", r.Key)
	}
	for _, r := range c.script.Repositories {
		c.log("INFO", "WAL segment %s successfully archived to '/simulated/archive/%s/15-1/%s/%s-0.zst' on repo%d", name, c.script.Stanza, name[:16], name, r.Key)
	}
}

// expires removes what retention does not hold, or says what that would be.
func (c *call) expires(key int) {
	dry, first := "", c.first[key]
	gone, left := c.aged(key, c.script.Keeps)
	if slices.Contains(c.Words, "--dry-run") {
		dry = "[DRY-RUN] "
	} else {
		c.expire(key, c.script.Keeps)
	}
	for _, s := range slices.Backward(gone) {
		c.log("INFO", "%srepo%d: remove expired backup %s", dry, key, s.label)
	}
	if len(gone) > 0 {
		c.log("INFO", "%srepo%d: 15-1 remove archive, start = %s, stop = %s", dry, key, walName(first), walName(c.segment(left[0].from)-1))
	}
	c.log("INFO", "%sexpire command end: completed successfully (40ms)", dry)
}

func (c *call) lock() string { return filepath.Join(c.dir, c.script.Stanza+"-backup.lock") }

// holds writes who holds the lock, and how far the backup is.
func (c *call) holds() {
	done := float64(c.w.now().Sub(c.from)) / float64(c.until.Sub(c.from))
	text := fmt.Sprintf(`{"execId":"%d-simulated","pctCplt":%d,"pid":%d}`, c.PID, int(10000*min(done, 1)), c.PID)
	_ = os.WriteFile(c.lock(), []byte(text), 0o600) // then it is not seen how far it is
}

// verify prints what the real one does, over holes too.
func (c *call) verify(key int) {
	c.line("stanza: " + c.script.Stanza)
	c.line("status: ok")
	files := 0
	for n := c.first[key]; n < c.archived(c.w.now()); n++ {
		if !c.missing(key, n) {
			files++
		}
	}
	c.line(fmt.Sprintf("  archiveId: 15-1, total WAL checked: %d, total valid WAL: %d", files, files))
	c.line("    missing: 0, checksum invalid: 0, size invalid: 0, other: 0")
	for _, s := range c.sets[key] {
		c.line(fmt.Sprintf("  backup: %s, status: valid, total files checked: 1275, total valid files: 1275", s.label))
		c.line("    missing: 0, checksum invalid: 0, size invalid: 0, other: 0")
	}
}
