// Package judge is the one place of judgement: it turns what sources said into
// levels, causes and next steps. It is pure: the same facts at the same time
// give the same verdict, and it never asks anybody anything.
//
// Texts name points in time, not ages: an age would change the picture every
// second with nothing having happened.
package judge
