package loans_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"testing/iotest"
	"time"

	"opsdeck/load/loans"
)

// role makes this test binary a process that writes the digest of a portfolio.
const role = "OPSDECK_LOANS_TEST_WORKERS"

func TestMain(m *testing.M) {
	if n, err := strconv.Atoi(os.Getenv(role)); err == nil {
		fmt.Print(digest(42, "normal", n))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func portfolio(seed uint64, preset string) loans.Portfolio {
	p, err := loans.PresetOf(preset)
	if err != nil {
		panic(err)
	}
	return loans.New(seed, p)
}

func digest(seed uint64, preset string, workers int) string {
	h := sha256.New()
	if err := portfolio(seed, preset).Write(context.Background(), h, 30_001, workers); err != nil {
		panic(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestAPortfolioIsTheSameWhoeverMakesIt(t *testing.T) {
	want := digest(42, "normal", 1)
	for _, workers := range []int{2, 3, 0} {
		if got := digest(42, "normal", workers); got != want {
			t.Errorf("%d workers: %s, one: %s", workers, got, want)
		}
	}
	l := portfolio42.At(30_000) // asked for alone
	if line := string(l.AppendCSV(nil)); line != string(portfolio42.CSV(29_999, 2)[len(portfolio42.CSV(29_999, 1)):]) {
		t.Errorf("%q", line)
	}
	for range 2 {
		other := exec.Command(os.Args[0])
		other.Env = append(os.Environ(), role+"=2")
		if got, err := other.Output(); err != nil || string(got) != want {
			t.Errorf("another process: %s, %v", got, err)
		}
	}
	if digest(43, "normal", 2) == want || digest(42, "stress", 2) == want {
		t.Error("another seed, or another preset, gives the same loans")
	}
}

var portfolio42 = portfolio(42, "normal")

// sums are what a portfolio comes to.
type sums struct{ n, ead, ecl [4]float64 }

// counted sums up a portfolio; 0 is all.
func counted(p loans.Portfolio, rows int64) (s sums) {
	for i := range rows {
		r := p.At(i).Truth
		for _, at := range []int64{0, r.Stage} {
			s.n[at]++
			s.ead[at] += float64(r.EAD)
			s.ecl[at] += float64(r.ECL)
		}
	}
	return s
}

func TestSharesAndCoverageAreThoseOfThePreset(t *testing.T) {
	const rows = 200_000
	for _, p := range loans.Presets() {
		for _, seed := range []uint64{1, 42, 1 << 63} {
			s := counted(loans.New(seed, p), rows)
			for i, want := range p.Shares {
				if got := 100 * s.n[i+1] / rows; math.Abs(got-float64(want)/10) > 0.3 {
					t.Errorf("%s, seed %d: stage %d has %.2f %%, and not %.1f", p.Name, seed, i+1, got, float64(want)/10)
				}
			}
			for i, band := range p.Coverage {
				at := (i + 1) % 4
				if got := 1e4 * s.ecl[at] / s.ead[at]; got < band[0] || got > band[1] {
					t.Errorf("%s, seed %d: coverage of stage %d is %.1f basis points, and not %v", p.Name, seed, at, got, band)
				}
			}
		}
	}
}

func TestEachLoanIsOne(t *testing.T) {
	products := map[string]loans.Product{}
	for _, p := range loans.Products() {
		products[p.Name] = p
	}
	seen := map[string]bool{}
	for _, p := range loans.Presets() {
		made := loans.New(7, p)
		for i := range int64(50_000) {
			l := made.At(i)
			r := l.Truth
			seen[l.Product], seen[l.Country], seen[fmt.Sprint("grade ", l.Grade)] = true, true, true
			stage := int64(1)
			switch {
			case l.PastDue >= 90 || l.Unlikely:
				stage = 3
			case l.PastDue > 30 || l.Grade-l.Origin >= 3:
				stage = 2
			}
			year := loans.Term(l.Grade, 1)
			for what, wrong := range map[string]bool{
				"id": l.ID != i+1, "stage": r.Stage != stage, "grade": l.Grade < 1 || l.Grade > loans.Default || l.Origin < 1 || l.Origin >= loans.Default,
				"a default by its grade": (l.Grade == loans.Default) != (stage == 3),
				"dates":                  !l.Originated.Before(loans.AsOf) || !l.Matures.After(loans.AsOf),
				"principal":              l.Principal < 100, "balance": l.Balance < 100 || l.Balance > l.Principal,
				"undrawn":    l.Undrawn < 0 || l.Undrawn > 0 && l.Balance+l.Undrawn != l.Principal,
				"collateral": l.Collateral < 0, "rate": l.Rate < 1 || l.Rate > 3000, "days": l.PastDue < 0 || l.PastDue > 720,
				"segment": l.Segment != products[l.Product].Segment, "currency": len(l.Currency) != 3 || len(l.Country) != 2,
				"lgd": r.LGD < 500 || r.LGD > 9500, "pd": r.PD < 1 || r.PD > 1_000_000 || stage == 3 && r.PD != 1_000_000 || stage < 3 && r.PD < year,
				"a year of stage 1": stage == 1 && r.PD != year,
				"ead":               r.EAD < l.Balance || r.EAD > l.Balance+l.Undrawn, "ecl": r.ECL < 0 || r.ECL > r.EAD,
			} {
				if wrong {
					t.Fatalf("%s of %s %d: %+v", what, p.Name, i, l)
				}
			}
		}
	}
	if len(seen) != 5+8+10 {
		t.Errorf("not every product, country and grade comes: %v", seen)
	}
}

func TestAWriterThatFailsEndsTheWork(t *testing.T) {
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- portfolio42.Write(context.Background(), w, math.MaxInt64, 3) }()
	if _, err := bufio.NewReader(r).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	if err := <-ended; err == nil {
		t.Error("no error")
	}
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer stop()
	if err := portfolio42.Write(ctx, io.Discard, math.MaxInt64, 2); err != context.DeadlineExceeded {
		t.Error(err)
	}
}

// BenchmarkCSV makes and writes loans on one core.
func TestWhatIsReadIsWhatIsMadeAtOnce(t *testing.T) {
	for _, rows := range []int64{0, 1, 4095, 4096, 8197} {
		if err := iotest.TestReader(portfolio42.Read(77, rows), portfolio42.CSV(77, rows)); err != nil {
			t.Errorf("%d loans: %v", rows, err)
		}
	}
}

func BenchmarkCSV(b *testing.B) {
	const rows = 10_000
	for n := int64(0); b.Loop(); n += rows {
		_, _ = io.Discard.Write(portfolio42.CSV(n, rows))
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func TestASumIsOfEachLoanOnceWhateverMakesIt(t *testing.T) {
	preset, err := loans.PresetOf("stress")
	if err != nil {
		t.Fatal(err)
	}
	p := loans.New(3, preset)
	const rows = 2*4096 + 7
	var want loans.Sum
	for i := range int64(rows) {
		l := p.At(i)
		want.Rows, want.EAD, want.ECL = want.Rows+1, want.EAD+l.Truth.EAD, want.ECL+l.Truth.ECL
	}
	one, err := p.Sum(t.Context(), rows, 1)
	if want.Digest = one.Digest; err != nil || one != want || one.Digest == 0 {
		t.Errorf("%v: %+v, and not %+v", err, one, want)
	}
	if three, err := p.Sum(t.Context(), rows, 3); err != nil || three != one {
		t.Errorf("%v: three workers: %+v, one: %+v", err, three, one)
	}
	if less, err := p.Sum(t.Context(), rows-1, 3); err != nil || less == one || less.Digest == one.Digest {
		t.Errorf("%v: without the last: %+v", err, less)
	}
}
