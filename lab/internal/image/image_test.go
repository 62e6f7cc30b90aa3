package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestParseLdd(t *testing.T) {
	libs, err := parseLdd("\tlinux-vdso.so.1 (0x00007f)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n")
	if err != nil || !slices.Equal(libs, []string{"/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"}) {
		t.Errorf("got %v %v", libs, err)
	}
	if _, err := parseLdd("\tlibicu.so => not found\n"); err == nil || !strings.Contains(err.Error(), "libicu") {
		t.Errorf("a missing library: got %v", err)
	}
}

func TestLayerHasParentsOnceAndIsReproducible(t *testing.T) {
	files := []File{
		{To: "/usr/share/b", Data: []byte("b")}, {To: "/usr/share/a", Data: []byte("a"), Mode: 0o600, UID: 999},
		{To: "/bin/sh", Link: "dash"}, {To: "/tmp", Dir: true, Mode: 0o1777},
	}
	var one, two bytes.Buffer
	d1, err := writeLayer(&one, files)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(files)
	d2, err := writeLayer(&two, files)
	if err != nil {
		t.Fatal(err)
	}
	if d1 != d2 || !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the order of the files changes the layer")
	}
	var names []string
	r := tar.NewReader(&one)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
	want := []string{"bin/", "bin/sh", "tmp/", "usr/", "usr/share/", "usr/share/a", "usr/share/b"}
	if !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestInputsChangeWithContent(t *testing.T) {
	im := Image{Name: "x:1", Files: []File{{To: "/a", Data: []byte("1")}}}
	a, err := im.inputs()
	if err != nil {
		t.Fatal(err)
	}
	im.Files[0].Data = []byte("2")
	b, err := im.inputs()
	if err != nil {
		t.Fatal(err)
	}
	if a == b {
		t.Error("other content, same digest")
	}
}

func TestLoadErrorInTheMiddleOfTheAnswer(t *testing.T) {
	err := loadError(strings.NewReader("{\"stream\":\"ok\"}\n{\"error\":\"no space left\"}\n"))
	if err == nil || err.Error() != "no space left" {
		t.Errorf("got %v", err)
	}
	if err := loadError(strings.NewReader(`{"stream":"ok"}`)); err != nil {
		t.Error(err)
	}
}
