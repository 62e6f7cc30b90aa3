package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"opsdeck/actions/backup"
	"opsdeck/drill"
	"opsdeck/estate"
	"opsdeck/ops"
)

// printRestore writes a restore as a procedure for bash, from a picture: an agent's, one of
// our own, or a saved one.
func (a *app) printRestore(ctx context.Context, s still, req ops.Request, out io.Writer) error {
	f, _, err := a.load()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(f.Backups, func(b estate.Backup) bool { return b.Name == req.Target.ID.String() })
	if i < 0 {
		return ops.Errorf(ops.CodeNotFound, "the estate has no backup plan %q", req.Target.ID)
	}
	b := f.Backups[i]
	if err := b.Err(); err != nil { // half of a plan makes a procedure of another one
		return err
	}
	board, err := a.pictureFor(ctx, s)
	if err != nil {
		return err
	}
	var engine backup.Engine = backupEngine(b, "")
	if b.Plan.Engine == ops.EngineBaseBackup {
		engine = baseBackups(&wiring{file: f}, b)
	}
	text, err := procedure(restoreAction(engine, b, "", nil), b, board, req, time.Now())
	if err == nil {
		_, err = io.WriteString(out, text)
	}
	return err
}

// procedure is a restore in writing.
func procedure(r *backup.Restore, b estate.Backup, board ops.Board, req ops.Request, now time.Time) (string, error) {
	o, _, err := r.Order(board, req)
	if err != nil {
		return "", err
	}
	set, repo := o.Choice.Backup, o.Choice.Repository
	who := "as the account that the server and the engine run as, where the engine and its configuration are"
	if b.RunAs != "" {
		who = "as " + b.RunAs + ", where the engine and its configuration are"
	}
	if b.Plan.Engine == ops.EngineBaseBackup {
		who = "as an account that can read the folder and is not root, where the server's programs are"
	}
	p := drill.Paper{Plan: b.Name, Engine: r.Engine().String(), Repository: repo.Name.String(), Who: who, Keys: keysOf(b, repo), Seen: board.At, Now: now}
	for _, w := range append(backup.Way(o)[1:], o.Choice.Unsure) {
		if !w.Empty() {
			p.Way = append(p.Way, w.String())
		}
	}
	if set.Key == 0 {
		return "", errors.New("the backup names no repository")
	}
	return drill.Script(copier{plan: b}.order(o), p)
}

// keysOf says where the keys of a repository are, without which nothing of it can be read.
func keysOf(b estate.Backup, r ops.Repository) (lines []string) {
	if b.Plan.Engine == ops.EngineBaseBackup {
		return []string{fmt.Sprintf("%s is not encrypted: it needs no key. Whoever reads it has all data.", b.Base.Folder)}
	}
	file := cmp.Or(b.Config, "/etc/pgbackrest/pgbackrest.conf (or conf.d beside it)")
	lines = []string{fmt.Sprintf("Those of the store of %s, where it asks for any (repo%d-s3-key, repo%[2]d-gcs-key, repo%[2]d-azure-key), stand in %[3]s.", r.Name, r.Key, file)}
	cipher := fmt.Sprintf("%s is not encrypted: it needs no cipher pass.", r.Name)
	if r.Cipher {
		cipher = fmt.Sprintf("%s is encrypted: its key is repo%d-cipher-pass in %s. Without it nothing can be read.", r.Name, r.Key, file)
	}
	kept := "The estate does not say where a copy of them is kept (backups." + b.Name + ".repositories." + r.Name.String() + ".keys)."
	for _, p := range b.Plan.Repositories {
		if p.Key == r.Key && !p.Keys.Empty() {
			kept = "A copy of them is kept in: " + p.Keys.String()
		}
	}
	return append(lines, cipher, kept)
}
