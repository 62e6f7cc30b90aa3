// Package pipeline puts a PostgreSQL under the load of a loan pipeline: loans (package
// loans) are streamed into it by COPY in batches, each at its planned moment, and what IFRS 9
// asks of them (stage, PD, LGD, EAD, expected loss) is calculated in SQL and compared with
// what is right.
//
// A batch is one transaction, its row in the table of batches included: what is committed is
// whole, and a run goes on behind it, be it after a lost connection or as the next run.
// Nothing is written but into a schema of the scenario's own, which is made and marked here,
// and which a foreign object keeps from being touched.
package pipeline
