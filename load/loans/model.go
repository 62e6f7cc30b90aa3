package loans

import (
	"math"
	"time"
)

// Product is a kind of loan. Its loss given default and its part of what is undrawn are
// guesses of ours, within what banks report of such books.
type Product struct {
	Name    string
	Segment string
	LGD     int64 // basis points, of what no collateral covers
	Drawn   int64 // how much of what is undrawn is owed at a default, basis points

	share          int64 // of a portfolio, percent
	least, most    int64 // lent, in whole units of currency
	years          int64 // the longest term
	covered        int64 // value of the collateral, percent of what is lent; 0: none
	rate, rateSpan int64 // basis points
}

// Products are all kinds.
func Products() []Product {
	return []Product{
		{"mortgage", "retail", 6500, 0, 38, 40_000, 650_000, 30, 130, 180, 320},
		{"consumer", "retail", 5000, 0, 26, 1_000, 60_000, 7, 0, 450, 900},
		{"card", "retail", 6500, 7500, 20, 500, 15_000, 4, 0, 1200, 1300},
		{"sme", "sme", 5500, 5000, 12, 10_000, 600_000, 10, 40, 350, 550},
		{"corporate", "corporate", 4500, 5000, 4, 100_000, 4_000_000, 8, 15, 250, 400},
	}
}

// Default is the grade of a loan that has defaulted; the others are better.
const Default = 10

// Longest is the longest term that is left, in years.
const Longest = 30

// yearly are the probabilities to default within a year by grade, from 1 on, in parts per
// million. The grades are ours; their span is that of the master scales which Lloyds gives
// for 2020 (up to 0.5 %, 3 %, 20 %, and 100 %).
func yearly() [Default]int64 {
	return [Default]int64{200, 500, 1_000, 2_000, 4_500, 10_000, 22_000, 50_000, 120_000, 1_000_000}
}

// Term is the probability to default within some years, 1 to Longest, in parts per million.
func Term(grade, years int64) int64 {
	p := float64(yearly()[grade-1]) / 1e6
	return int64(math.Round(1e6 * (1 - math.Pow(1-p, float64(years)))))
}

// What a stage is decided by, as IFRS 9 presumes it: 30 days past due are a significant
// increase of the risk, and 90 a default.
const (
	LateDays    = 30
	DefaultDays = 90
	Notches     = 3 // so many grades worse than at origination are a significant increase too
)

// What collateral brings: seven tenths of its value, and of what that covers four fifths
// are not lost. Nothing is lost by less than LeastLGD.
const (
	Haircut  = 70
	Kept     = 80
	LeastLGD = 500
)

// Years are the years that are left of a loan, begun ones counted, at least 1.
func Years(matures time.Time) int64 {
	days := int64(matures.Sub(AsOf).Hours() / 24)
	return min(max(1, (days+364)/365), Longest)
}

// result is what the model gives for a loan of a product.
func (m *model) result(l *Loan, p *Product) (r Result) {
	switch {
	case l.PastDue >= DefaultDays || l.Unlikely:
		r.Stage, r.PD = 3, 1_000_000
	case l.PastDue > LateDays || l.Grade-l.Origin >= Notches:
		r.Stage, r.PD = 2, m.term[l.Grade-1][Years(l.Matures)-1]
	default:
		r.Stage, r.PD = 1, m.term[l.Grade-1][0]
	}
	r.EAD = l.Balance + l.Undrawn*p.Drawn/10_000
	covered := min(l.Collateral*Haircut/100, l.Balance)
	r.LGD = max(LeastLGD, p.LGD-p.LGD*covered*Kept/(100*l.Balance))
	r.ECL = r.EAD * r.PD / 1_000_000 * r.LGD / 10_000
	return r
}

// model has the probabilities at hand.
type model struct {
	term     [Default][Longest]int64
	products []Product
}

func newModel() *model {
	m := &model{products: Products()}
	for g := range m.term {
		for y := range m.term[g] {
			m.term[g][y] = Term(int64(g+1), int64(y+1))
		}
	}
	return m
}
