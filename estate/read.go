package estate

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed *.yaml runbooks/*.md
var shipped embed.FS

const (
	extension  = ".yaml"
	maxExtends = 8 // how long a chain of extends may be
)

// Shipped returns the names of the estates inside the program, sorted.
func Shipped() []string {
	files, err := fs.Glob(shipped, "*"+extension)
	if err != nil {
		return nil // the pattern is constant and right
	}
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f, extension))
	}
	slices.Sort(names)
	return names
}

// reading follows extends from one file to the next.
type reading struct {
	faults Faults
	names  []string // of the files read, the one asked for first
	chain  []string // what tells files apart, to find a cycle
	// partial: something below could not be read, so that a missing key proves
	// nothing.
	partial bool
}

// tree returns the merged tree of the estate that ref names, which is the
// shipped one of that name or else the file at that path. from is the file
// whose extends names it, and where; its src is nil for the one asked for.
func (r *reading) tree(ref string, from place) *node {
	src, id, text := r.open(ref, from)
	if src == nil {
		return nil
	}
	if slices.Contains(r.chain, id) {
		r.faults.tell(from, "extends", fmt.Sprintf("%s extends itself through this", src.name), "extend another estate, or none")
		return nil
	}
	if len(r.chain) >= maxExtends {
		r.faults.tell(from, "extends", fmt.Sprintf("more than %d estates extend each other", maxExtends), "extend fewer")
		return nil
	}
	r.chain, r.names = append(r.chain, id), append(r.names, src.name)
	n := parse(src, text, &r.faults)
	base := n.entry("extends")
	if base == nil {
		return n
	}
	if base.value.kind != nodeText || base.value.raw == "" || strings.Contains(base.value.raw, "${") {
		return n // the check says what is wrong with it
	}
	below := r.tree(base.value.raw, base.value.place)
	if below == nil || n == nil {
		r.partial = true
		return n
	}
	return merge(below, n)
}

// open finds and reads what ref names. Faults of it stand at from.
func (r *reading) open(ref string, from place) (*source, string, []byte) {
	if slices.Contains(Shipped(), ref) {
		name := "shipped/" + ref + extension
		text, err := shipped.ReadFile(ref + extension)
		if err != nil {
			r.faults.tell(from, "extends", "cannot be read", "")
			return nil, "", nil
		}
		return &source{name: name, shipped: true}, name, text
	}
	path := ref
	if from.src != nil {
		if from.src.shipped {
			r.faults.tell(from, "extends", fmt.Sprintf("no shipped estate is called %q", short(ref)), shippedRemedy())
			return nil, "", nil
		}
		if !filepath.IsAbs(ref) {
			path = filepath.Join(filepath.Dir(from.src.name), ref)
		}
	}
	text, what, remedy := estateFile().read(path)
	if what != "" {
		where := ""
		if from.src == nil {
			from.src = &source{name: path}
		} else {
			where, what = "extends", fmt.Sprintf("%q: %s", short(ref), what)
		}
		r.faults.tell(from, where, what, remedy)
		return nil, "", nil
	}
	id, err := filepath.EvalSymlinks(path)
	if err != nil {
		id = path
	}
	if abs, err := filepath.Abs(id); err == nil {
		id = abs
	}
	// Files beside the estate keep their meaning wherever the agent was started.
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		dir = filepath.Dir(path)
	}
	return &source{name: path, dir: dir}, id, text
}

func shippedRemedy() string {
	return "give the path of a file, or one of the shipped estates: " + strings.Join(Shipped(), ", ")
}

// fileKind is what a file is read for, which decides what its faults advise.
type fileKind struct {
	most                      int // bytes
	missing, unlike, tooLarge string
}

func estateFile() fileKind {
	return fileKind{maxSize, shippedRemedy(), "give the path of an estate file", "an estate is a small file; is this the right one?"}
}

// read returns a file's text, or what is wrong with it and what to do.
func (k fileKind) read(path string) (text []byte, what, remedy string) {
	unread := func(err error) ([]byte, string, string) {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, "there is no such file", k.missing
		case errors.Is(err, fs.ErrPermission):
			return nil, "this user may not read it", "give the user who runs opsdeck the right to read it"
		}
		return nil, "cannot be read: " + cause(err), ""
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return unread(err)
	case info.IsDir():
		return nil, "this is a directory", "give the path of the file in it"
	case !info.Mode().IsRegular():
		return nil, "this is not a plain file", k.unlike
	}
	f, err := os.Open(path)
	if err != nil {
		return unread(err)
	}
	defer f.Close() //nolint:errcheck // read only
	if text, err = io.ReadAll(io.LimitReader(f, int64(k.most)+1)); err != nil {
		return unread(err)
	}
	if len(text) > k.most {
		return nil, fmt.Sprintf("larger than %d KiB", k.most>>10), k.tooLarge
	}
	return text, "", ""
}

// cause returns the innermost error's text, without the path around it.
func cause(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err.Error()
	}
	return err.Error()
}

// short cuts text that a message quotes.
func short(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
