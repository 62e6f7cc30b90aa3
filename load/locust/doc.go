// Package locust makes loads with Locust, driven over its web API: users on its workers,
// in a closed loop. The clock, the stages and the judgement are ours; Locust sends.
//
// Its API says more than is so. A start is "success" on a master without workers, on a
// locustfile whose shape decides how many users there are, and before anything has
// begun; its figures are up to 2 s old (older where it is slow); the rate of a run that
// has ended stays as it was; a run_time outlives the run that it was sent with, so none
// is sent. What is believed is the state, seen more than the cache's time later.
package locust
