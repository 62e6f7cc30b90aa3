package ops

// DistinctAlert is one alert of a board and the reading that it is taken from.
type DistinctAlert struct {
	Alert *Alert
	From  *Reading[[]Alert]
}

// DistinctAlerts returns every alert once by its fingerprint, whichever and however
// many sources tell of it: two Prometheus servers of a pair see the same one. Of two,
// the one that fires counts, else the fresher. It is what every count goes by.
func DistinctAlerts(rs Readings[[]Alert]) []DistinctAlert {
	n := 0
	for i := range rs {
		n += len(rs[i].Value)
	}
	at, out := make(map[Text]int, n), make([]DistinctAlert, 0, n)
	for i := range rs {
		for j := range rs[i].Value {
			d := DistinctAlert{&rs[i].Value[j], &rs[i]}
			k, seen := at[d.Alert.Ref.ID]
			switch {
			case !seen, d.Alert.Ref.ID.Empty(): // one without is like no other
				at[d.Alert.Ref.ID] = len(out)
				out = append(out, d)
			case d.Alert.State > out[k].Alert.State, d.Alert.State == out[k].Alert.State && d.From.Fresh() && !out[k].From.Fresh():
				out[k] = d
			}
		}
	}
	return out
}

// Watches reports whether an alert is the one that always fires.
func (e EstateInfo) Watches(a *Alert) bool { return !e.Watchdog.Empty() && a.Name == e.Watchdog }
