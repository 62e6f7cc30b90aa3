package ops

import (
	"context"
	"time"
)

// Observation is what one collection found out. A nil field says nothing about its
// subject; an empty slice behind a non-nil pointer says that there is nothing.
type Observation struct {
	Alerts             *[]Alert
	Containers         *[]Container
	Stats              []ContainerStats
	AlertmanagerAlerts *[]AlertmanagerAlert
	Silences           *[]Silence
	Peers              []Peer
	KPIs               *[]KPI
	Pipelines          *[]Pipeline
	Database           *Database
	Backups            *Backups
	Events             []Record // what happened, for the history (container events)
	Version            Text
	Up                 time.Time // when the server started, by its own clock; zero where it does not say
	Notes              []Text    // what the source warns of, in words
	// Partial says that its alerts are not all there are: what is not among them may
	// burn all the same.
	Partial bool
}

// Collector reads one source.
type Collector interface {
	// Source names it as the estate does.
	Source() SourceInfo
	// Collect asks once. Errors are *Error or tell their kind by errors.Is
	// (deadline, refused); judgement of them is the engine's.
	Collect(ctx context.Context) (Observation, error)
}

// SourceInfo is what the engine has to know to poll a source.
type SourceInfo struct {
	Name     Text
	Kind     SourceKind
	Every    time.Duration
	Timeout  time.Duration
	Required bool
}

// Pusher is a collector whose source tells of changes by itself.
type Pusher interface {
	// Push calls tell for everything that happened until ctx ends or the stream
	// breaks, which is its error. tell never blocks long. Facts.Events are for
	// the history; the engine collects soon after each call.
	Push(ctx context.Context, tell func(Observation)) error
}

// Pinger is a collector whose source can be asked for next to nothing whether it still
// answers.
type Pinger interface {
	Ping(ctx context.Context) error
}

// Sampler is a collector that can sample figures of things on screen.
type Sampler interface {
	Sample(ctx context.Context, refs []Ref) ([]ContainerStats, error)
}

// Opener is a collector that can open one of its objects.
type Opener interface {
	Open(ctx context.Context, ref Ref, window time.Duration) (Detail, error)
}

// Tailer is a collector that can follow an object's log.
type Tailer interface {
	Tail(ctx context.Context, ref Ref, from TailFrom, emit func(Line) error) error
}

// Action can be planned and run. It holds its client; it does not see the
// confirmation or the history, which are the engine's.
type Action interface {
	Describe() ActionInfo
	// Plan says exactly what Run would do. It fills Title, Steps, Replaces,
	// Warnings, Notes and Locks, of Ask what it may want besides, and nothing else. b is the newest board; what may
	// have changed since is asked of the server. Planning twice with nothing
	// changed gives the same plan, but for what Plan.Same leaves out.
	Plan(ctx context.Context, b Board, req Request) (Plan, error)
	// Run does what the plan's steps say, by their fields. An error of CodeUnanswered means that the call
	// may have taken effect.
	Run(ctx context.Context, p Plan, out Progresser) (Result, error)
}

// Progresser takes a running action's progress and output.
type Progresser interface {
	Progress(Progress)
	Line(Stream, string)
	// Child records the process that does the work, before it is waited for.
	Child(Process)
	// Actor is who started the job, for servers that keep a name beside what was
	// done (the creator of a silence). An action decides nothing by it.
	Actor() Actor
}
