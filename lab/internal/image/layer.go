package image

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// File is one entry of an image. Exactly one of From and Data is used; a Dir
// has neither.
type File struct {
	To   string // absolute path inside the image
	From string // file of this machine
	Data []byte
	Dir  bool
	Link string // target of a symbolic link
	Mode fs.FileMode
	UID  int
}

// Tree adds a folder of this machine with everything below it, under the same
// path. Links to files become files: an image has not the rest of the machine.
func Tree(root string) ([]File, error) {
	var out []File
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		st, err := os.Stat(p)
		if errors.Is(err, fs.ErrNotExist) || (err == nil && !st.Mode().IsRegular()) {
			return nil // a dangling link, or a link to a folder
		}
		if err != nil {
			return err
		}
		out = append(out, File{To: p, From: p})
		return nil
	})
	return out, err
}

// Host adds files of this machine under the same paths.
func Host(paths ...string) []File {
	out := make([]File, 0, len(paths))
	for _, p := range paths {
		out = append(out, File{To: p, From: p})
	}
	return out
}

// digest hashes what an image is made of: names, modes, owners and contents.
func digest(files []File) (string, error) {
	h := sha256.New()
	for _, f := range files {
		if _, err := fmt.Fprintf(h, "%s\x00%v\x00%o\x00%d\x00%s\x00%d\x00", f.To, f.Dir, f.Mode, f.UID, f.Link, len(f.Data)); err != nil {
			return "", err
		}
		if _, err := h.Write(f.Data); err != nil {
			return "", err
		}
		if f.From == "" {
			continue
		}
		src, err := os.Open(f.From)
		if err != nil {
			return "", err
		}
		_, err = io.Copy(h, src)
		if cerr := src.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// writeLayer writes the files as one layer, with their parent folders, and
// gives the layer's own digest.
func writeLayer(w io.Writer, files []File) (string, error) {
	h := sha256.New()
	tw := tar.NewWriter(io.MultiWriter(w, h))
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.To, b.To) })
	done := map[string]bool{"/": true}
	for _, f := range files {
		if err := writeParents(tw, done, path.Dir(f.To)); err != nil {
			return "", err
		}
		if done[f.To] {
			continue
		}
		done[f.To] = true
		if err := writeFile(tw, f); err != nil {
			return "", fmt.Errorf("%s: %w", f.To, err)
		}
	}
	if err := tw.Close(); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

func writeParents(tw *tar.Writer, done map[string]bool, dir string) error {
	if done[dir] {
		return nil
	}
	if err := writeParents(tw, done, path.Dir(dir)); err != nil {
		return err
	}
	done[dir] = true
	return tw.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: strings.TrimPrefix(dir, "/") + "/", Mode: 0o755, ModTime: epoch()})
}

func writeFile(tw *tar.Writer, f File) error {
	hdr := &tar.Header{Name: strings.TrimPrefix(f.To, "/"), Uid: f.UID, Gid: f.UID, Mode: int64(f.Mode), ModTime: epoch(), Typeflag: tar.TypeReg}
	switch {
	case f.Dir:
		hdr.Typeflag, hdr.Name = tar.TypeDir, hdr.Name+"/"
		return tw.WriteHeader(hdr)
	case f.Link != "":
		hdr.Typeflag, hdr.Linkname = tar.TypeSymlink, f.Link
		return tw.WriteHeader(hdr)
	case f.From == "":
		hdr.Size = int64(len(f.Data))
		if hdr.Mode == 0 {
			hdr.Mode = 0o644
		}
		if err := tw.WriteHeader(hdr); err != nil {
			return err
		}
		_, err := tw.Write(f.Data)
		return err
	}
	src, err := os.Open(f.From)
	if err != nil {
		return err
	}
	defer src.Close() //nolint:errcheck // read only
	st, err := src.Stat()
	if err != nil {
		return err
	}
	hdr.Size = st.Size()
	if hdr.Mode == 0 {
		hdr.Mode = int64(st.Mode().Perm())
	}
	if err := tw.WriteHeader(hdr); err != nil {
		return err
	}
	_, err = io.Copy(tw, src)
	return err
}

// epoch is the time of every entry, so that equal contents give equal layers.
func epoch() time.Time { return time.Unix(0, 0) }
