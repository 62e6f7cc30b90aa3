// Package ops is the domain of opsdeck: what an estate looks like at one
// moment (Board), what can be done to it (Action, Plan, Job), what happened
// (Record), and the one port every caller goes through (Console).
//
// It imports the standard library only. Whatever came from outside the process
// stands in these types as Text, which is cleaned once where it enters, so that
// nothing a server, a label or a log line says can drive a terminal.
//
// # The words
//
// One word for one thing, on the screen, in the guide and in the code.
//
// What is read:
//   - estate: one system that is looked after, and the file that describes it.
//   - source: one server that is read (a Prometheus, a Docker daemon); its kind says
//     what sort of server it is.
//   - observation: what one collection from a source found out.
//   - reading: the last value of a source on the board, with its age and how the source
//     stands.
//   - section: one part of the board (alerts, containers, ...), which travels whole when
//     it changes.
//   - board: all sections at one moment. It does not change; the next one replaces it.
//   - pane: a main screen of the console. It shows sections, and is none.
//
// What it means:
//   - verdict: how good one thing is (a level, a word, a cause), by judge alone.
//   - finding: what somebody ought to look at, with what to do next.
//   - level: how bad; unknown outranks ok. A severity is the word of an alert rule, and
//     its rank what the estate makes of it.
//   - latch: what happened to a container, kept in sight until it is acked. An ack says
//     that somebody knows; a silence keeps Alertmanager from notifying; neither repairs anything.
//   - unhealthy period: from the first failed health check to the first good one.
//   - incident: an outage as people tell it, with its times and its alerts.
//
// What is done:
//   - action: what can be done to a kind of thing; its class says how much it disturbs.
//   - plan: exactly what one start would do, as steps. It is worked out again at the
//     start and compared.
//   - job: a plan that was started, with its output, until its outcome is known.
//   - record: one entry of the history. The audit is the chain of those that were
//     somebody's doing.
//   - load run: requests that are sent at planned moments, their intended starts, and
//     what became of them. Latency counts from the intended start, as a user waits;
//     service time from when there was a connection. A limit is what a figure of it has
//     to keep. A scenario is what the estate says of one: targets, rate, limits; its
//     driver is what makes the load.
//   - lock: the things that one job holds against others. A locked production is another
//     matter: it is read-only until a console unlocks it.
//
// Who talks to whom:
//   - agent: the process that polls, runs jobs and keeps the history.
//   - console: what a person looks at; also the port (Console) of all callers.
//   - endpoint: where a console reaches its agent, on this machine or over ssh.
//   - tunnel: the one ssh process that carries a console's calls to a far agent; people
//     read of it as the line.
//   - restricted shell: what sshd runs for an account that gets opsdeck and nothing
//     else (the command is called gate).
//
// Words with two meanings, told apart:
//   - session: a PostgreSQL session (Session), as users read it. A console's own is
//     Caller.Session, for which an unlock holds.
//   - target: the thing that an action is for. A host and an estate to open is the
//     target of a session loop in the command alone.
//   - fact: a name and a value of an opened object (Fact). What a collection found is an
//     observation.
//   - mark: a row that somebody selected, to act on several at once. What happened to a
//     container is a latch.
package ops
