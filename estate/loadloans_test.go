package estate_test

import (
	"path/filepath"
	"testing"

	"opsdeck/estate"
)

func TestAPortfolioSmallerThanABatchIsOneBatch(t *testing.T) {
	dir := write(t, map[string]string{"e.yaml": `estate: loans
environment: development
sources: {pg: {kind: postgres, dsn: "postgres://reader@DB/x?sslmode=disable"}}
loads:
  evening: {driver: loans, target: db, database: d, allow: ["db:5432"], rows: 1000, rate: 10, max_rate: 20, max_duration: 10m, limits: {errors: 1%}}
`})
	f, err := estate.Load(filepath.Join(dir, "e.yaml"), env())
	if err != nil || f.Loads[0].Loans.Batch != 1000 {
		t.Fatalf("%v: %+v", err, f)
	}
}
