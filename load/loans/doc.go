// Package loans makes portfolios of loans as IFRS 9 looks at them: as many as asked for,
// each from the seed and its own number alone, so that they are the same whoever makes
// which part of them, in whatever order.
//
// A loan has its raw figures and, beside them, the stage, PD, LGD, EAD and expected loss
// that the model gives for it: a pipeline that calculates them from the raw figures can be
// checked loan by loan. Everything is in whole numbers (cents, parts per million, basis
// points), rounded down, so that SQL and Go come to the same.
package loans
