package ops

import (
	"encoding"
	"reflect"
	"testing"
	"time"
)

// TestNoPlainStringIsReachable walks everything a view can get hold of. Text and
// closed enumerations are the only things that print; a string, a byte slice or
// an interface anywhere below would let uncleaned text through.
func TestNoPlainStringIsReachable(t *testing.T) {
	for _, v := range []any{Board{}, Event{}, Detail{}, Line{}, Record{}, Error{}, Plan{}, ActionInfo{}, Job{}, Estate{}, Query{}, Request{}, Confirmation{}, Me{}} {
		typ := reflect.TypeOf(v)
		walk(t, typ.Name(), typ, map[reflect.Type]bool{})
	}
}

func walk(t *testing.T, path string, typ reflect.Type, seen map[reflect.Type]bool) {
	if typ == reflect.TypeFor[Text]() || typ == reflect.TypeFor[time.Time]() || seen[typ] {
		return
	}
	seen[typ] = true
	switch typ.Kind() {
	case reflect.Struct:
		for i := range typ.NumField() {
			f := typ.Field(i)
			if !f.IsExported() {
				t.Errorf("%s.%s is unexported: a decoder leaves it empty", path, f.Name)
			}
			walk(t, path+"."+f.Name, f.Type, seen)
		}
	case reflect.Slice, reflect.Array, reflect.Pointer:
		if typ.Elem().Kind() == reflect.Uint8 && typ.Elem() == reflect.TypeFor[byte]() {
			t.Errorf("%s is a byte slice", path)
		}
		walk(t, path+"[]", typ.Elem(), seen)
	case reflect.Map:
		walk(t, path+" key", typ.Key(), seen)
		walk(t, path+" value", typ.Elem(), seen)
	case reflect.String, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		t.Errorf("%s is a %s", path, typ.Kind())
	case reflect.Uint8:
		// A number of one byte is an enumeration: it has to be a closed one.
		_, prints := reflect.Zero(typ).Interface().(encoding.TextMarshaler)
		_, reads := reflect.New(typ).Interface().(encoding.TextUnmarshaler)
		if !prints || !reads {
			t.Errorf("%s (%s) does not print and read itself", path, typ)
		}
	}
}

func TestTheWalkFindsWhatItLooksFor(t *testing.T) {
	for name, v := range map[string]any{
		"a string":         struct{ A []struct{ B string } }{},
		"an interface":     struct{ A any }{},
		"bytes":            struct{ A []byte }{},
		"a map key":        struct{ A map[string]int }{},
		"an open enum":     struct{ A uint8 }{},
		"a hidden string":  struct{ a string }{},
		"a pointer to one": struct{ A *string }{},
	} {
		inner := &testing.T{}
		walk(inner, "x", reflect.TypeOf(v), map[reflect.Type]bool{})
		if !inner.Failed() {
			t.Errorf("%s went unseen", name)
		}
	}
}
