// Package load sends HTTP requests at planned moments and measures how long they take,
// counted from those moments (an open model): a server that stops for three seconds
// makes everybody wait who would have come meanwhile, and not only the one request that
// was under way.
//
// A run is an Order. Child runs it in a process of its own, which stops when its
// standard input ends; Command talks to that process; Run is what both come to. Every
// request of the plan is sent or counted as dropped. Judgement is judge.Load's.
package load
