package ops

import (
	"math/big"
	"regexp"
	"time"
)

// RestoreCheck is a question to a restored copy, and the answer that it must give.
type RestoreCheck struct {
	Name     Text   `json:"name"`
	Database string `json:"database"`
	SQL      string `json:"sql"` // its first column of its first row counts
	// Want is the answer; of a check that asks the source too, what that answered before the
	// point that the copy goes to, and After what it answered behind it.
	Want   Text `json:"want"`
	After  Text `json:"after,omitzero"`
	Source bool `json:"source,omitzero"`
	// Doubt says why the source's answers may not be those of its point; empty: they are. What
	// holds all the same is proved; what does not is not held against the backup.
	Doubt Text `json:"doubt,omitzero"`
}

// Holds reports whether an answer is the one that the copy must give. Where the source gave two
// numbers or times, as its rows came and went around the point, each from the one to the other
// will do.
func (c RestoreCheck) Holds(got string) bool {
	if got == c.Want.String() {
		return true
	}
	low, kind := measure(c.Want.String())
	high, kind2 := measure(c.After.String())
	n, kind3 := measure(got)
	if !c.Source || kind == "" || kind != kind2 || kind != kind3 {
		return false
	}
	if low.Cmp(high) > 0 {
		low, high = high, low
	}
	return low.Cmp(n) <= 0 && n.Cmp(high) <= 0
}

// Comparable reports whether a copy's answer can be compared with those of the source.
func (c RestoreCheck) Comparable() bool {
	_, kind := measure(c.Want.String())
	_, kind2 := measure(c.After.String())
	return c.Want == c.After || kind != "" && kind == kind2
}

// number is a number as PostgreSQL writes it; not infinite, and no more than an exact one can
// be made of.
var number = regexp.MustCompile(`^-?\d+(\.\d+)?(e[+-]?\d{1,3})?$`)

// moments are the layouts of timestamptz, timestamp and date.
var moments = []string{"2006-01-02 15:04:05.999999Z07", "2006-01-02 15:04:05.999999", "2006-01-02"}

// measure is where a number, or a time as PostgreSQL writes it, stands among its like, exactly:
// numbers that lie close together are not the same. Kind tells which are alike; empty: it is
// neither.
func measure(s string) (at *big.Rat, kind string) {
	if number.MatchString(s) {
		if n, ok := new(big.Rat).SetString(s); ok {
			return n, "number"
		}
	}
	for _, layout := range moments {
		if t, err := time.Parse(layout, s); err == nil {
			return new(big.Rat).SetInt64(t.UnixMicro()), layout
		}
	}
	return nil, ""
}

// Wanted says what the copy must answer.
func (c RestoreCheck) Wanted() Text {
	switch {
	case !c.Source:
		return c.Want
	case c.Want == c.After:
		return Textf("%s as the source at that point", c.Want)
	}
	return Textf("from %s to %s, as the source before and after that point", c.Want, c.After)
}

// SourcePoint is a position of a source, and what that answered there to the checks that ask it.
type SourcePoint struct {
	WALPosition
	Cluster Text // the system identifier
	Checks  []RestoreCheck
	Doubt   Text // as of its checks
}

// DrillAnswer is what a copy said to a check.
type DrillAnswer struct {
	Name Text `json:"name"`
	Got  Text `json:"got"`
	Want Text `json:"want"`
	OK   bool `json:"ok"`
}
