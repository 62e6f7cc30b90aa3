// Package house holds the rules of the house as tests: who may import whom, how
// long files and functions get, and what never stands in the code.
package house
