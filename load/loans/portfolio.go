package loans

import (
	"math/bits"
	"time"
)

// Portfolio is any number of loans. It may be used by several goroutines.
type Portfolio struct {
	seed   uint64
	preset Preset
	model  *model
}

// New is the portfolio of a seed.
func New(seed uint64, p Preset) Portfolio { return Portfolio{mix(seed), p, newModel()} }

// stream is SplitMix64: random numbers from one number.
type stream uint64

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (s *stream) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	return mix(uint64(*s))
}

// below is a number from 0 up to n, which it does not reach.
func (s *stream) below(n int64) int64 {
	hi, _ := bits.Mul64(s.next(), uint64(n))
	return int64(hi)
}

// between is a number of a span, its ends included.
func (s *stream) between(least, most int64) int64 { return least + s.below(most-least+1) }

// pick is an index by its weight.
func (s *stream) pick(weights []int64) int {
	var sum int64
	for _, w := range weights {
		sum += w
	}
	at := s.below(sum)
	for i, w := range weights {
		if at < w {
			return i
		}
		at -= w
	}
	return len(weights) - 1
}

// small is a number of a span of which small ones are frequent: the cube of an even one.
func (s *stream) small(least, most int64) int64 {
	const whole = 10_000
	u := s.below(whole)
	return least + (most-least)*(u*u/whole*u/whole)/whole
}

// home is where a loan is from.
type home struct{ country, currency string }

func homes() ([]home, []int64) {
	return []home{{"DE", "EUR"}, {"FR", "EUR"}, {"IT", "EUR"}, {"ES", "EUR"}, {"NL", "EUR"}, {"GB", "GBP"}, {"PL", "PLN"}, {"SE", "SEK"}},
		[]int64{24, 20, 14, 12, 9, 12, 5, 4}
}

// At is the loan of a number, from 0.
func (p Portfolio) At(i int64) (l Loan) {
	s := stream(p.seed ^ mix(uint64(i)+0x9e3779b97f4a7c15))
	var shares [5]int64
	for j := range p.model.products {
		shares[j] = p.model.products[j].share
	}
	kind := &p.model.products[s.pick(shares[:])]
	from, often := homes()
	home := from[s.pick(often)]
	l = Loan{ID: i + 1, Product: kind.Name, Segment: kind.Segment, Country: home.country, Currency: home.currency, Rate: kind.rate + s.below(kind.rateSpan)}
	l.amounts(&s, kind)
	p.risk(&l, &s)
	l.Truth = p.model.result(&l, kind)
	return l
}

// amounts are what is lent, owed and covered, and for how long.
func (l *Loan) amounts(s *stream, p *Product) {
	const day = 24 * time.Hour
	term := s.between(365, p.years*365)
	age := s.between(1, term-1)
	l.Originated = AsOf.Add(-time.Duration(age) * day)
	l.Matures = AsOf.Add(time.Duration(term-age) * day)
	l.Principal = 100 * s.small(p.least, p.most)
	paid := 10_000 * age / term // the share of the term that is over, in ten thousandths
	l.Balance = max(100, l.Principal-l.Principal*paid*s.between(60, 100)/1_000_000)
	if p.Drawn > 0 {
		l.Balance = max(100, l.Principal*s.between(5, 95)/100)
		l.Undrawn = l.Principal - l.Balance
	}
	if p.covered > 0 {
		l.Collateral = l.Principal * s.between(p.covered*60/100, p.covered*140/100) / 100
	}
}

// risk gives the loan a stage, and what makes it be in that.
func (p Portfolio) risk(l *Loan, s *stream) {
	switch stage := s.pick(p.preset.Shares[:]); stage {
	case 2:
		l.Grade, l.Origin = Default, s.between(3, 8)
		l.Collateral = l.Collateral * s.between(15, 55) / 100 // what is well covered is seldom let go
		if l.PastDue = s.between(DefaultDays, 720); s.below(5) == 0 {
			l.Unlikely, l.PastDue = true, s.below(DefaultDays)
		}
	case 1:
		l.Grade = int64(s.pick(p.preset.grades[1][:])) + 1
		late := s.below(3) == 0 || l.Grade <= Notches
		if l.Origin = s.between(max(1, l.Grade-Notches+1), l.Grade); !late {
			l.Origin = s.between(1, l.Grade-Notches)
		}
		if l.PastDue = s.below(LateDays + 1); late {
			l.PastDue = s.between(LateDays+1, DefaultDays-1)
		}
	default:
		l.Grade = int64(s.pick(p.preset.grades[0][:])) + 1
		l.Origin = s.between(max(1, l.Grade-Notches+1), min(l.Grade+1, Default-1))
		if s.below(20) == 0 {
			l.PastDue = s.between(1, LateDays)
		}
	}
}
