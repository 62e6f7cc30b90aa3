package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"opsdeck/estate"
	"opsdeck/ops"
)

func (a *app) initCommand() *cobra.Command {
	var out string
	var force bool
	cmd := &cobra.Command{
		Use: "init", Short: "Look at this machine and write a starter estate", Args: none,
		Example: "opsdeck init\nopsdeck init -o -\nopsdeck init -o ./estate.yaml --force",
		RunE: func(cmd *cobra.Command, _ []string) error {
			found := a.discover(cmd.Context())
			text := estate.Starter(found)
			if out == "-" {
				_, err := cmd.OutOrStdout().Write(text)
				return err
			}
			if out == "" {
				out = places{a.env}.config("estate.yaml")
			}
			if err := writeNew(out, text, force); err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			counts, advice := countFound(found)
			fmt.Fprintf(w, "wrote %s: %s\n", out, counts)
			for _, line := range advice {
				fmt.Fprintln(w, line)
			}
			fmt.Fprintf(w, "next: read it, then\n  opsdeck config check %s\n  opsdeck --estate %s\n", out, out)
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write; - for standard output (default: the user's estate)")
	cmd.Flags().BoolVar(&force, "force", false, "replace a file that is there")
	return cmd
}

// writeNew writes a file whole or not at all, and never over one that is there.
func writeNew(path string, text []byte, force bool) error {
	if _, err := os.Stat(path); !force && !errors.Is(err, fs.ErrNotExist) {
		return ops.Errorf(ops.CodeInvalid, "%s is there already", path).Help("--force replaces it, -o names another file")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return writeWhole(path, func(w io.Writer) error { _, err := w.Write(text); return err })
}

// writeWhole has a file hold what print prints once all of it is there, and be as it was
// where that fails.
func writeWhole(path string, print func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".opsdeck-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // it is gone when it was renamed
	werr := print(tmp)
	if err := errors.Join(werr, tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// deliver writes what print prints to a file, whole or not at all, or to w where no
// file is named.
func deliver(w io.Writer, file string, print func(io.Writer) error) error {
	var text bytes.Buffer
	if err := print(&text); err != nil {
		return err
	}
	if file != "" {
		return writeNew(file, text.Bytes(), true)
	}
	_, err := text.WriteTo(w)
	return err
}

func noEstate() error {
	return ops.Errorf(ops.CodeInvalid, "there is no estate to look after").
		Help("opsdeck init writes one; or name one with --estate FILE or $OPSDECK_ESTATE")
}
