// Package sim is a made-up system behind servers that speak the real ones' APIs:
// Prometheus, Alertmanager v2 and Docker and PostgreSQL's protocol, on loopback, in this
// process, and a program that answers as pgBackRest does. The world behind them is
// deterministic: it comes of a seed and of a clock that is handed in. Nothing in it is
// real, and whoever shows it has to say so.
//
// A further kind of server is a file of its own with a handler on World, and one
// line in Serve.
package sim
