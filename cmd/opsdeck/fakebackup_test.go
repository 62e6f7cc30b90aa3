package main

import (
	"os"
	"path/filepath"
	"testing"
)

// fakeProgram is a pgBackRest of few words. What it does with a call that changes
// something stands in the file how, beside its configuration.
const fakeProgram = `#!/bin/sh
for word; do
	case $word in --config=*) dir=${word#--config=} dir=${dir%/*} ;; esac
	command=$word
done
log() { echo "2026-11-27 12:00:00.000 P00   INFO: $1"; }
new=20261127-120000F
segment=000000010000000000000007
info() {
	printf '[{"name":"s","status":{"code":0,"message":"ok"},"db":[{"id":1,"repo-key":1,"system-id":7}],"repo":[{"key":1,"cipher":"none","status":{"code":0,"message":"ok"}}],"backup":['
	comma=
	while read -r label; do
		printf '%s{"label":"%s","type":"full","database":{"id":1,"repo-key":1},"timestamp":{"start":1795751780,"stop":1795751782}}' "$comma" "$label"
		comma=,
	done < "$dir/labels"
	echo ']}]'
}
how=$(cat "$dir/how")
case $command in
version) echo "pgBackRest 2.45"; exit ;;
backup | verify | stop | start | check) ;;
expire)
	case "$*" in *--dry-run*)
		[ -e "$dir/pruned" ] || log "[DRY-RUN] repo1: remove expired backup 20261120-120000F"
		exit ;;
	esac ;;
*)
	if [ "$how" = "answers a page, and then no other" ] && [ -e "$dir/struck" ]; then
		echo '<html>login</html>'
	elif [ "$command" = info ]; then
		info
	elif [ -e "$dir/switched" ]; then
		printf '{"%s-ab.gz":{"type":"file"}}\n' $segment
	else
		echo '{}'
	fi
	exit ;;
esac
[ "$how" = "lets them through" ] || touch "$dir/struck"
case $how in "answers a page"*) echo '<html>login</html>'; exit ;; esac
if [ "$how" != "answers 200 and does nothing" ]; then
	case $command in
	backup) echo $new >> "$dir/labels" ;;
	check) touch "$dir/switched" ;;
	expire) touch "$dir/pruned"; echo 20261126-120000F > "$dir/labels" ;;
	stop) touch "$dir/s.stop" ;;
	start) rm -f "$dir/s.stop" ;;
	esac
fi
[ "$how" = "does it and drops the answer" ] && exit
case $command in
backup) log "new backup label = $new" ;;
check) log "WAL segment $segment successfully archived to '/r/$segment-ab.gz' on repo1" ;;
verify)
	echo "status: ok"
	[ "$how" = "answers 200 and does nothing" ] && exit
	while read -r label; do echo "  backup: $label, status: valid, total files checked: 1, total valid files: 1"; done < "$dir/labels" ;;
esac
`

// fakeBackup makes the folder of a fake pgBackRest that holds one backup.
func fakeBackup(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"program": fakeProgram, "conf": "[global]\nlock-path=" + dir + "\n", "labels": "20261120-120000F\n20261126-120000F\n", "how": honest} {
		mode := os.FileMode(0o600)
		if name == "program" {
			mode = 0o700
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
}
