package loans

import (
	"strconv"
	"time"
)

// AsOf is the reporting date of every portfolio.
var AsOf = time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC)

// Loan is one loan on the reporting date. Amounts are in cents of its currency.
type Loan struct {
	ID         int64
	Product    string // a name of Products
	Segment    string
	Country    string
	Currency   string
	Originated time.Time
	Matures    time.Time
	Principal  int64 // lent, or the limit of a card
	Balance    int64 // owed
	Undrawn    int64
	Rate       int64 // of interest, basis points
	Collateral int64 // its value
	PastDue    int64 // days
	Origin     int64 // grade at origination, 1 (best) to Default
	Grade      int64 // now
	Unlikely   bool  // to pay, though not 90 days past due

	Truth Result
}

// Result is what the model gives for a loan.
type Result struct {
	Stage int64
	PD    int64 // parts per million: over 12 months in stage 1, over what is left of the term in the others
	LGD   int64 // basis points
	EAD   int64 // cents
	ECL   int64 // cents
}

// Columns are the names of a loan's figures, in the order of AppendCSV.
func Columns() []string {
	return []string{"id", "product", "segment", "country", "currency", "originated", "matures", "principal", "balance", "undrawn", "rate_bp", "collateral",
		"days_past_due", "grade_origin", "grade", "unlikely_to_pay", "true_stage", "true_pd_ppm", "true_lgd_bp", "true_ead", "true_ecl"}
}

// AppendCSV adds the loan as a line of CSV. Nothing in it needs quotes.
func (l *Loan) AppendCSV(b []byte) []byte {
	n := func(v int64) { b = append(strconv.AppendInt(b, v, 10), ',') }
	n(l.ID)
	for _, s := range [...]string{l.Product, l.Segment, l.Country, l.Currency} {
		b = append(append(b, s...), ',')
	}
	for _, d := range [...]time.Time{l.Originated, l.Matures} {
		b = append(d.AppendFormat(b, time.DateOnly), ',')
	}
	for _, v := range [...]int64{l.Principal, l.Balance, l.Undrawn, l.Rate, l.Collateral, l.PastDue, l.Origin, l.Grade} {
		n(v)
	}
	b = append(strconv.AppendBool(b, l.Unlikely), ',')
	t := l.Truth
	for _, v := range [...]int64{t.Stage, t.PD, t.LGD, t.EAD} {
		n(v)
	}
	return append(strconv.AppendInt(b, t.ECL, 10), '\n')
}
