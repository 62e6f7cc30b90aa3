package estate_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"opsdeck/estate"
)

// A key that nothing takes would be checked, described, and without effect.
func TestEveryKeyHasAFieldOfItsOwnThatFitsIt(t *testing.T) {
	fits := map[string][]string{
		"text": {"*string", "*ops.Text"}, "a word": {"*ops.Environment", "*ops.Role", "*ops.Rank", "*ops.ContainerDuty", "*ops.BackupEngine", "*ops.LoadDriver", "*ops.LoadKind"}, "a whole number": {"*int", "*uint16"},
		"true or false": {"*bool"}, "a duration": {"*time.Duration"}, "a URL": {"*string"}, "a reference to the environment": {"*string"},
		"a file name": {"*string"}, "a list": {"*[]string", "*[]ops.Text"}, "a list or text": {"*[]string", "*[]ops.Text"},
	}
	elsewhere := []string{"extends", "sources[].kind"} // read before anything is bound
	bindings, astray := estate.Bindings()
	if len(bindings) < 60 {
		t.Fatalf("%d keys: the test looks in the wrong place", len(bindings))
	}
	taken := map[any]string{}
	for _, b := range bindings {
		if !b.Taken && !slices.Contains(elsewhere, b.Where) {
			t.Errorf("nothing takes %s", b.Where)
		}
		if b.Bound == nil {
			continue
		}
		if kind := fmt.Sprintf("%T", b.Bound); !slices.Contains(fits[b.Shape], kind) {
			t.Errorf("%s is %s and bound to %s", b.Where, b.Shape, kind)
		}
		if other, twice := taken[b.Bound]; twice {
			t.Errorf("%s and %s are bound to the same field", b.Where, other)
		}
		taken[b.Bound] = b.Where
	}
	if len(astray) > 0 {
		t.Errorf("choices between keys that there are not: %q", astray)
	}
}

// The other way round: what no key sets stays zero when every key is given.
func TestAnEstateThatSaysEverythingSetsEveryField(t *testing.T) {
	f, err := estate.Load("testdata/full.yaml", env("PW", "s3cr3t", "KIND", "docker"))
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]bool{} // type and field: set somewhere
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			if p := v.Type().PkgPath(); p != "opsdeck/estate" && p != "opsdeck/ops" {
				return
			}
			for i := range v.NumField() {
				field := v.Type().Field(i)
				if !field.IsExported() {
					continue
				}
				name := v.Type().Name() + "." + field.Name
				set[name] = set[name] || !v.Field(i).IsZero()
				walk(v.Field(i))
			}
		}
	}
	walk(reflect.ValueOf(f))
	noFile := []string{"Estate.Simulated", "RestoreCheck.After", "RestoreCheck.Doubt"} // what no file can set; the last two are of what a source says
	for name, is := range set {
		if !is && !slices.Contains(noFile, name) {
			t.Errorf("no key sets %s", name)
		}
	}
	if len(set) < 60 {
		t.Errorf("%d fields were seen: the test looks in the wrong place", len(set))
	}
}
