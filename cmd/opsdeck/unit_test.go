package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/estate"
	"opsdeck/ops"
)

func TestTheUnitStartsTheBinaryThatPrintsIt(t *testing.T) {
	for binary, want := range map[string]string{"/usr/bin/opsdeck": "ExecStart=/usr/bin/opsdeck agent --system", "/opt/my tools/50%/opsdeck": `ExecStart="/opt/my tools/50%%/opsdeck" agent --system`} {
		unit := unitOf(binary, nil)
		for _, line := range []string{want, "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "StateDirectory=opsdeck"} {
			if !strings.Contains(unit, line) {
				t.Errorf("%s: no %q in\n%s", binary, line, unit)
			}
		}
		if strings.Contains(unit, "\nReadWritePaths=") || strings.Contains(unit, "/usr/local/bin") || strings.Contains(unit, "Documentation=man:") {
			t.Errorf("%s: it names what need not be there\n%s", binary, unit)
		}
	}
}

func TestTheUnitLetsTheAgentWriteWhereItsEstateHasBackupsAndDrills(t *testing.T) {
	plan := func(folder, scratch string) estate.Backup {
		return estate.Backup{Base: estate.BaseBackup{Folder: folder}, Drill: estate.Drill{Scratch: scratch}}
	}
	folders := foldersOf(estate.File{Backups: []estate.Backup{plan("/backup/orders", "/srv/drills"), plan("", "/srv/drills"), plan("", "/srv/my 50%"), plan("", "")}})
	if got, want := unitOf("opsdeck", folders), "ProtectSystem=strict\nReadWritePaths=-/backup/orders\nReadWritePaths=-/srv/drills\nReadWritePaths=\"-/srv/my 50%%\"\nProtectHome="; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}

// TestTheUnitSaysHowPgBackRestRunsAsItsAccount holds both ways as they are to be typed, and
// that none of them is more than a comment.
func TestTheUnitSaysHowPgBackRestRunsAsItsAccount(t *testing.T) {
	unit := unitOf("/usr/bin/opsdeck", []string{"/srv/drills"})
	for _, line := range []string{
		"#     [Service]\n#     User=postgres\n#     Group=postgres\n#     SupplementaryGroups=opsdeck docker\n#     ReadWritePaths=-/var/lib/pgbackrest -/var/log/pgbackrest -/tmp/pgbackrest -/var/spool/pgbackrest\n",
		"#     opsdeck backup sudoers | sudo tee /etc/sudoers.d/opsdeck-backups && sudo visudo -c\n",
	} {
		if !strings.Contains(unit, line) {
			t.Errorf("no %q in\n%s", line, unit)
		}
	}
	if !strings.Contains(unit, "\nUser=opsdeck\n") || strings.Contains(unit, "\nUser=postgres") || strings.Count(unit, "\nReadWritePaths=") != 1 {
		t.Errorf("it does what it says as another way:\n%s", unit)
	}
}

// TestTheUnitNamesBothWaysToRunPgBackRest as drop-ins that the guide has word for word: a
// setting that keeps a process from gaining rights, and that only one of them knows of, is a
// backup that sudo refuses.
func TestTheUnitNamesBothWaysToRunPgBackRest(t *testing.T) {
	guide, err := os.ReadFile("../../docs/guide/backups.md")
	if err != nil {
		t.Fatal(err)
	}
	own, comments := "", ""
	for line := range strings.Lines(unitOf("/usr/bin/opsdeck", nil)) {
		if comment, is := strings.CutPrefix(line, "#   "); is {
			comments += comment
		} else {
			comments += "\n"
			own += line
		}
	}
	var dropIns []string
	for part := range strings.SplitSeq(comments, "\n\n") {
		if part = strings.Trim(part, "\n") + "\n"; strings.HasPrefix(part, "[Service]\n") {
			dropIns = append(dropIns, part)
		}
	}
	if len(dropIns) != 2 {
		t.Fatalf("drop-ins: %q", dropIns)
	}
	for _, d := range dropIns {
		if !strings.Contains(string(guide), "  ```ini\n  "+strings.ReplaceAll(strings.TrimSpace(d), "\n", "\n  ")+"\n  ```\n") {
			t.Errorf("the guide does not have\n%s", d)
		}
	}
	if as := dropIns[0]; !strings.Contains(as, "\nUser=postgres\nGroup=postgres\n") || strings.Contains(as, "Privileges") {
		t.Errorf("as the account itself:\n%s", as)
	}
	// These imply NoNewPrivileges where the user is not root: systemd.exec(5).
	implies := []string{"NoNewPrivileges", "SystemCallFilter", "SystemCallArchitectures", "SystemCallLog", "RestrictAddressFamilies", "RestrictFileSystems", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID",
		"LockPersonality", "MemoryDenyWriteExecute", "PrivateDevices", "ProtectClock", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables"}
	for _, s := range implies {
		undone := strings.Contains(dropIns[1], "\n"+s+"=no\n") || strings.Contains(dropIns[1], "\n"+s+"=\n")
		if set := strings.Contains(own, "\n"+s+"="); set != undone {
			t.Errorf("%s: set by the unit %v, undone for sudo %v", s, set, undone)
		}
	}
	if !strings.Contains(dropIns[1], "\nCapabilityBoundingSet=CAP_SETUID CAP_SETGID") {
		t.Errorf("sudo cannot become anybody:\n%s", dropIns[1])
	}
}

// TestOneDaemonIsFoundOnce by two names of its socket.
func TestOneDaemonIsFoundOnce(t *testing.T) {
	dir, err := os.MkdirTemp("", "od")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/containers/json"):
			_, _ = w.Write([]byte("[]"))
		case strings.HasSuffix(r.URL.Path, "/info"):
			_, _ = w.Write([]byte(`{"ID":"one"}`))
		default:
			_, _ = w.Write([]byte("{}"))
		}
	})}
	go func() { _ = srv.Serve(l) }()
	defer srv.Close() //nolint:errcheck // the test ends
	link := filepath.Join(dir, "other.sock")
	if err := os.Symlink(l.Addr().String(), link); err != nil {
		t.Fatal(err)
	}
	found := findDocker(t.Context(), places{env("DOCKER_HOST", "unix://"+link, "XDG_RUNTIME_DIR", dir)})
	n := 0
	for _, s := range found {
		if strings.Contains(s.Address, dir) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%+v", found)
	}
}

func TestTheDoctorHasARemedyForEachSource(t *testing.T) {
	b := ops.Board{Sources: []ops.Source{
		{Name: ops.Lit("pg"), Kind: ops.SourcePostgres, State: ops.SourceOK}, {Name: ops.Lit("odd"), State: ops.SourceFailing, Why: ops.Lit("odd")},
		{Name: ops.Lit("own"), State: ops.SourceFailing, Remedy: ops.Lit("its own remedy")}, {Name: ops.Lit("denied"), State: ops.SourceDenied}, {Name: ops.Lit("noted"), State: ops.SourceOK, Notes: []ops.Text{ops.Lit("n")}}},
		Databases: []ops.Reading[ops.Database]{{Source: ops.Lit("pg"), Value: ops.Database{Login: ops.Lit("opsdeck"), Missing: []ops.Missing{{What: ops.Lit("sessions"), Why: ops.Lit("the login lacks pg_monitor")}}}}}}
	said := ""
	for _, s := range sourceSymptoms(b) {
		if s.level != ops.LevelOK && s.remedy == "" {
			t.Errorf("%+v has no remedy", s)
		}
		said += s.what + ": " + s.detail + " -> " + s.remedy + "\n"
	}
	for _, line := range []string{"pg: not everything can be read (1): sessions: the login lacks pg_monitor -> GRANT pg_monitor TO opsdeck", "its own remedy"} {
		if !strings.Contains(said, line) {
			t.Errorf("%q is not in\n%s", line, said)
		}
	}
}
