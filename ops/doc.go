// Package ops is the domain of opsdeck: what an estate looks like at one
// moment (Board), what can be done to it (Action, Plan, Job), what happened
// (Record), and the one port every caller goes through (Console).
//
// It imports the standard library only. Whatever came from outside the process
// stands in these types as Text, which is cleaned once where it enters, so that
// nothing a server, a label or a log line says can drive a terminal.
package ops
