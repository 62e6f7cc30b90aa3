package main

import (
	"context"
	"slices"

	"opsdeck/actions/backup"
	"opsdeck/drill"
	"opsdeck/estate"
	"opsdeck/ops"
)

// fences looks whether the server of a plan is stopped: each of its addresses has to refuse
// a connection, and its container, where one is named, to have ended. An address that the new
// primary has too says nothing.
func fences(f estate.File, b estate.Backup) backup.Fences {
	return func(ctx context.Context, board ops.Board, to, container ops.Text) (proof, open []ops.Text) {
		var new []string
		for _, p := range f.Postgres {
			if p.Name == to.String() {
				new = postgresLogin(p.Login).Addresses()
			}
		}
		for _, at := range answersAt(f, b) {
			if slices.Contains(new, at) {
				continue
			}
			if err := drill.Refused(ctx, at); err != nil {
				open = append(open, ops.AsError(err).What)
			} else {
				proof = append(proof, ops.Textf("%s refuses connections", at))
			}
		}
		if !container.Empty() {
			p, o := stopped(board, container)
			proof, open = append(proof, p...), append(open, o...)
		}
		return proof, open
	}
}

// stopped tells what the board says of a container.
func stopped(b ops.Board, name ops.Text) (proof, open []ops.Text) {
	for _, r := range b.Containers {
		for _, c := range r.Value {
			switch {
			case c.Name != name:
			case !r.Fresh():
				return nil, []ops.Text{ops.Textf("whether container %s is stopped is not known: its source cannot be read", name)}
			case c.State == ops.ContainerExited, c.State == ops.ContainerDead, c.State == ops.ContainerCreated:
				return []ops.Text{ops.Textf("container %s is %s", name, c.State)}, nil
			default:
				return nil, []ops.Text{ops.Textf("container %s is %s", name, c.State)}
			}
		}
	}
	return nil, []ops.Text{ops.Textf("there is no container %s to be seen", name)}
}
