package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// engineName is what the simulated pgBackRest is called: a link to the program that
// simulates it.
const engineName = "simulated-pgbackrest"

// whereLine stands in its configuration, and says where the world is.
const whereLine = "# simulated at "

// IsPgBackRest reports whether a program was called by the name of the simulated engine.
func IsPgBackRest(program string) bool { return filepath.Base(program) == engineName }

// PgBackRest is the simulated engine's program: it hands its words to the world that its
// configuration names, prints the answer, and returns the exit code.
func PgBackRest(words []string, out, errs io.Writer) int {
	code, err := askWorld(words, out, errs)
	if err != nil {
		fmt.Fprintln(errs, "ERROR: [055]: the simulation is over:", err)
		return 55
	}
	return code
}

func askWorld(words []string, out, errs io.Writer) (int, error) {
	o := order{Words: words, PID: os.Getpid()}
	conf, err := os.ReadFile(o.value("config"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(conf), "\n")
	body, err := json.Marshal(o)
	if err != nil {
		return 0, err
	}
	answer, err := http.Post(strings.TrimPrefix(first, whereLine), "application/json", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close() //nolint:errcheck // it is only read
	if _, err := io.Copy(out, answer.Body); err != nil {
		return 0, err
	}
	if said := answer.Trailer.Get("Said"); said != "" {
		fmt.Fprintln(errs, strings.ReplaceAll(said, "\t", "\n"))
	}
	return strconv.Atoi(answer.Trailer.Get("Exit-Code"))
}

// engine writes the simulated engine's configuration and its program into a folder.
func (w *World) engine(dir, world string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\n[global]\nlock-path=%s\n", whereLine, world, dir)
	for _, r := range w.script.Backups.Repositories {
		fmt.Fprintf(&b, "repo%d-path=/simulated\nrepo%d-retention-full=%d\n", r.Key, r.Key, w.script.Backups.Keeps)
	}
	if err := os.WriteFile(filepath.Join(dir, "pgbackrest.conf"), []byte(b.String()), 0o600); err != nil {
		return err
	}
	self, err := os.Executable()
	if err == nil {
		// Where the system has no links, the engine is not installed, and that is said.
		_ = os.Symlink(self, filepath.Join(dir, engineName))
	}
	return err
}
