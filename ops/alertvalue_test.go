package ops

import (
	"reflect"
	"testing"
	"time"
)

// moving are the fields that an evaluation changes by itself, and that AlertValue
// brings. Whatever else an alert has makes its section travel.
var moving = map[string]bool{"At": true, "Value": true, "Summary": true, "Description": true, "Paging.Updated": true}

// fieldsOf lists the fields of a struct, those of Paging one by one.
func fieldsOf(typ reflect.Type, in string, index []int) map[string][]int {
	out := map[string][]int{}
	for i := range typ.NumField() {
		f, at := typ.Field(i), append(append([]int{}, index...), i)
		if f.Type == reflect.TypeFor[Paging]() {
			for name, deep := range fieldsOf(f.Type, f.Name+".", at) {
				out[name] = deep
			}
			continue
		}
		out[in+f.Name] = at
	}
	return out
}

func filledAlert(n int) Alert {
	var a Alert
	fill(reflect.ValueOf(&a).Elem(), n)
	return a
}

func TestAnAlertsSectionTravelsForEverythingButItsValues(t *testing.T) {
	seen := map[string]bool{}
	for name, index := range fieldsOf(reflect.TypeFor[Alert](), "", nil) {
		was, is := filledAlert(1), filledAlert(1)
		if !SameAlerts([]Alert{was}, []Alert{is}) {
			t.Fatal("an alert differs from itself")
		}
		f := reflect.ValueOf(&is).Elem().FieldByIndex(index)
		if f.Kind() == reflect.Uint8 {
			f.SetUint(2)
		} else {
			fill(f, 2)
		}
		if reflect.DeepEqual(was, is) {
			t.Fatalf("the test changed nothing of Alert.%s", name)
		}
		seen[name] = true
		if same := SameAlerts([]Alert{was}, []Alert{is}); same != moving[name] {
			t.Errorf("Alert.%s changed: the list is the same, %v", name, same)
		}
	}
	for name := range moving {
		if !seen[name] {
			t.Errorf("Alert has no field %s", name)
		}
	}
	if SameAlerts([]Alert{filledAlert(1)}, nil) {
		t.Error("an alert that ended is no change")
	}
}

// storm is a board with one alert, as of an answer, and what its source said since.
func storm(answer, newest time.Time) Board {
	a := filledAlert(1)
	a.At = answer
	return Board{
		Sources: []Source{{Name: Lit("source"), State: SourceOK, LastGood: newest}},
		Alerts:  Readings[[]Alert]{{Source: Lit("source"), Value: []Alert{a}}},
	}
}

func TestAnAlertSomebodyLooksAtHasTheValuesOfTheNewestAnswer(t *testing.T) {
	then := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	now := then.Add(time.Minute)
	newest := filledAlert(1)
	newest.At = now
	other := filledAlert(2)
	newest.Value, newest.Summary, newest.Description, newest.Paging.Updated = other.Value, other.Summary, other.Description, other.Paging.Updated
	old := filledAlert(1)
	old.At = then
	current := filledAlert(1)
	current.At = now
	for name, c := range map[string]struct {
		at   time.Time
		of   []AlertValue
		want Alert
		aged bool
	}{
		"looked at":                          {then, []AlertValue{ValueOf(newest)}, newest, false},
		"nobody looks":                       {then, nil, old, true},
		"another one is looked at":           {then, []AlertValue{{Ref: NewRef(KindAlert, "source", "other")}}, old, true},
		"it is of the newest answer already": {now, []AlertValue{ValueOf(newest)}, current, false},
	} {
		b := storm(c.at, now)
		handed := b.Alerts[0].Value
		b.Values = c.of
		b.Stamp()
		if got := b.Alerts[0].Value[0]; !reflect.DeepEqual(got, c.want) || got.Aged(b.Alerts[0].At) != c.aged {
			t.Errorf("%s: aged %v\n%+v\nwant\n%+v", name, got.Aged(b.Alerts[0].At), got, c.want)
		}
		if before := storm(c.at, now); !reflect.DeepEqual(handed, before.Alerts[0].Value) {
			t.Errorf("%s: a list that was handed out has changed", name)
		}
	}
}

func TestWhatMovesIsWhatAValueBrings(t *testing.T) {
	v := reflect.TypeFor[AlertValue]()
	if v.NumField() != len(moving) { // its Ref in place of At, which is the answer's
		t.Errorf("AlertValue has %d fields, and %d of an alert move", v.NumField(), len(moving))
	}
}
