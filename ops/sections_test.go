package ops

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// parts are the fields of a board that are sections: all but those that say of the
// board itself when and how good it is.
func parts(t *testing.T) []reflect.StructField {
	t.Helper()
	own := map[string]bool{"Rev": true, "Revs": true, "At": true, "Level": true}
	var out []reflect.StructField
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Board]()) {
		if !own[f.Name] {
			out = append(out, f)
		}
	}
	if len(out) != int(Sections) || len(sectionNames.names) != int(Sections) {
		t.Fatalf("a board has %d parts, %d sections and %d names of them", len(out), Sections, len(sectionNames.names))
	}
	for i, s := range new(Board).sections() {
		if s == nil {
			t.Fatalf("section %s is not in the list", Section(i))
		}
	}
	return out
}

// fill puts something into everything below v that travels. n tells two fillings
// apart; sources have the same names in both, for that is how readings find them.
func fill(v reflect.Value, n int) {
	at := time.Date(2026, 11, 21, 2, n, 0, 0, time.UTC)
	switch v.Interface().(type) {
	case Text:
		v.Set(reflect.ValueOf(Textf("text %d", n)))
		return
	case time.Time:
		v.Set(reflect.ValueOf(at))
		return
	case SourceState:
		v.Set(reflect.ValueOf(SourceOK))
		return
	case Point:
		v.Set(reflect.ValueOf(Point{At: at, Value: float64(n), Known: true}))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Tag.Get("json") != "-" {
				fill(v.Field(i), n)
				if f.Name == "Source" || f.Name == "Name" && v.Type() == reflect.TypeFor[Source]() {
					v.Field(i).Set(reflect.ValueOf(Lit("source")))
				}
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(1) // an enumeration
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16:
		v.SetInt(int64(n))
	case reflect.Uint64, reflect.Uint32, reflect.Uint16, reflect.Uint:
		v.SetUint(uint64(n))
	case reflect.Float64:
		v.SetFloat(float64(n))
	default:
		panic("nothing is known to fill a " + v.Type().String() + " with")
	}
}

// filledBoard has something in every part, all of it fresh.
func filledBoard(t *testing.T, n int) Board {
	t.Helper()
	var b Board
	for _, f := range parts(t) {
		fill(reflect.ValueOf(&b).Elem().FieldByIndex(f.Index), n)
	}
	b.Level = LevelOK
	b.Stamp()
	return b
}

func part(b *Board, f reflect.StructField) reflect.Value {
	return reflect.ValueOf(b).Elem().FieldByIndex(f.Index)
}

// standings returns every state of a source or reading below v, with its path.
func standings(v reflect.Value, path string) map[string]SourceState {
	out := map[string]SourceState{}
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			for p, s := range standings(v.Index(i), fmt.Sprintf("%s[%d]", path, i)) {
				out[p] = s
			}
		}
	case reflect.Struct:
		if f := v.FieldByName("State"); v.Type() == reflect.TypeFor[Source]() || isReading(v.Type()) {
			out[path] = f.Interface().(SourceState)
		}
	}
	return out
}

func isReading(t reflect.Type) bool { return strings.HasPrefix(t.Name(), "Reading[") }

// holdsReadings reports whether a part of a board has a source of its own.
func holdsReadings(f reflect.StructField) bool {
	return f.Type.Kind() == reflect.Slice && isReading(f.Type.Elem())
}

func TestEveryPartOfABoardIsASectionOfItsOwn(t *testing.T) {
	empty := Board{}
	seen := map[Section]string{}
	for _, f := range parts(t) {
		var b Board
		fill(part(&b, f), 1)
		var changed []Section
		for s := range Sections {
			before, err1 := empty.EncodeSection(s)
			after, err2 := b.EncodeSection(s)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if string(before) != string(after) {
				changed = append(changed, s)
			}
		}
		if len(changed) != 1 {
			t.Errorf("Board.%s travels in %v: it needs one section of its own", f.Name, changed)
			continue
		}
		if other, taken := seen[changed[0]]; taken {
			t.Errorf("Board.%s and Board.%s travel in the same section %s", f.Name, other, changed[0])
		}
		seen[changed[0]] = f.Name
		if name := strings.Split(f.Tag.Get("json"), ",")[0]; changed[0].String() != name {
			t.Errorf("Board.%s is %q in a whole board and %q in a frame", f.Name, name, changed[0])
		}
	}
}

func TestASectionTravelsWholeAndAlone(t *testing.T) {
	sent := filledBoard(t, 1)
	for s := range Sections {
		raw, err := sent.EncodeSection(s)
		if err != nil {
			t.Fatal(err)
		}
		got := filledBoard(t, 2)
		shared := got
		if err := got.DecodeSection(s, raw); err != nil {
			t.Fatalf("section %s: %v", s, err)
		}
		got.Sources = sent.Sources
		got.Stamp()
		want := filledBoard(t, 2)
		want.Sources = sent.Sources
		want.Stamp()
		for _, f := range parts(t) {
			if f.Tag.Get("json") == s.String() {
				part(&want, f).Set(part(&sent, f))
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("section %s came as\n%+v\nwant\n%+v", s, got, want)
		}
		if !reflect.DeepEqual(shared, filledBoard(t, 2)) {
			t.Errorf("decoding section %s wrote into a board that was handed out", s)
		}
	}
}

func TestASectionThatDoesNotExistIsAnError(t *testing.T) {
	b := filledBoard(t, 1)
	if raw, err := b.EncodeSection(Sections); err == nil {
		t.Errorf("it travels as %s", raw)
	}
	if err := b.DecodeSection(Sections, json.RawMessage("[]")); err == nil || !reflect.DeepEqual(b, filledBoard(t, 1)) {
		t.Errorf("it was read into a board: %v", err)
	}
}

func TestAfterTheAgentIsLostNothingReadsFresh(t *testing.T) {
	b := filledBoard(t, 1)
	was := b
	cut := b.Cut(Lit("no connection"))
	for _, f := range parts(t) {
		fresh := standings(part(&was, f), f.Name)
		if holdsReadings(f) && len(fresh) == 0 {
			t.Errorf("Board.%s: nothing to look at", f.Name)
		}
		for path, s := range standings(part(&cut, f), f.Name) {
			if s == SourceOK || fresh[path] != SourceOK {
				t.Errorf("%s is %s, and was %s", path, s, fresh[path])
			}
		}
	}
	if cut.Level != LevelUnknown {
		t.Errorf("the whole is %s", cut.Level)
	}
	if !cut.Stale() {
		t.Error("the board is not stale")
	}
	if !reflect.DeepEqual(b, filledBoard(t, 1)) {
		t.Error("the board that was handed out has changed")
	}
}

func TestAStaleReadingMakesTheBoardStaleUnlessItsSourceIsOptional(t *testing.T) {
	if !(Board{}).Stale() {
		t.Error("a board without a source is not stale")
	}
	for _, f := range parts(t) {
		if !holdsReadings(f) {
			continue
		}
		for name, c := range map[string]struct {
			change func(b *Board, reading reflect.Value)
			want   bool
		}{
			"fresh":                 {func(*Board, reflect.Value) {}, false},
			"of a required source":  {func(_ *Board, r reflect.Value) { setState(r, SourceSilent) }, true},
			"never had a value":     {func(_ *Board, r reflect.Value) { r.FieldByName("At").SetZero() }, true},
			"of a source not named": {func(b *Board, r reflect.Value) { setState(r, SourceStale); b.Sources[0].Name = Lit("other") }, true},
			"of an optional source": {func(b *Board, r reflect.Value) { setState(r, SourceSilent); b.Sources[0].Required = false }, false},
		} {
			b := filledBoard(t, 1)
			c.change(&b, part(&b, f).Index(0))
			if b.Stale() != c.want {
				t.Errorf("a reading of %s, %s: stale %v", f.Name, name, b.Stale())
			}
		}
	}
	for name, c := range map[string]struct{ required, want bool }{"a required": {true, true}, "an optional": {false, false}} {
		b := Board{Sources: []Source{{State: SourceRefused, Required: c.required}}}
		if b.Stale() != c.want {
			t.Errorf("%s source without readings, refused: stale %v", name, b.Stale())
		}
	}
}

func setState(reading reflect.Value, s SourceState) {
	reading.FieldByName("State").Set(reflect.ValueOf(s))
}

func TestEveryReadingIsOpenedBySomeKindOfSource(t *testing.T) {
	opened := map[string]bool{}
	for k := SourceKindUnknown; int(k) < len(sourceKindNames.names); k++ {
		var b Board
		b.Open(k, Lit("new"))
		some := false
		for _, f := range parts(t) {
			if n := part(&b, f); holdsReadings(f) && n.Len() > 0 {
				some, opened[f.Name] = true, true
				if r := n.Index(0); n.Len() != 1 || r.FieldByName("Source").Interface() != Lit("new") || !r.FieldByName("At").IsZero() || r.FieldByName("State").Interface() != SourcePending {
					t.Errorf("a %s opens %s with %+v", k, f.Name, n)
				}
			}
		}
		if some == (k == SourceKindUnknown) {
			t.Errorf("a source of kind %s opens something: %v", k, some)
		}
	}
	for _, f := range parts(t) {
		if holdsReadings(f) && !opened[f.Name] {
			t.Errorf("no kind of source opens Board.%s", f.Name)
		}
	}
}

func TestPuttingAValueLeavesBoardsThatWereHandedOutAlone(t *testing.T) {
	rs := Readings[int]{{Source: Lit("a"), Value: 1}, {Source: Lit("b"), Value: 2, At: time.Unix(1, 0)}}
	handed := rs
	for _, c := range []struct { // one after the other: each stands on the one before
		situation string
		source    Text
		value     int
		want      bool
	}{
		{"the first answer, even one that says zero", Lit("a"), 0, true},
		{"the same again", Lit("b"), 2, false},
		{"another value", Lit("b"), 3, true},
		{"a source that has no reading", Lit("c"), 3, false},
	} {
		if got := rs.Put(c.source, c.value); got != c.want {
			t.Errorf("%s: %v", c.situation, got)
		}
	}
	if handed[0].Value != 1 || handed[1].Value != 2 || rs[1].Value != 3 {
		t.Errorf("handed out %v, now %v", handed, rs)
	}
}
