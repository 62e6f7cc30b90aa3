package report

import (
	"strings"

	"opsdeck/ops"
)

// This file alone turns levels into tones, words and exit codes, and it finds
// nothing good or bad by itself: judge did. What it adds is age: a value that is
// not fresh never looks good.

// Tone is how a cell is meant, for painting; the text always says it too.
type Tone uint8

// Tones. Plain is a value nobody judges.
const (
	TonePlain Tone = iota
	ToneMuted
	ToneOK
	ToneInfo
	ToneWarning
	ToneCritical
	ToneUnknown
)

// ToneOf returns the tone of a judgement.
func ToneOf(l ops.Level) Tone {
	switch l {
	case ops.LevelOK:
		return ToneOK
	case ops.LevelInfo:
		return ToneInfo
	case ops.LevelWarning:
		return ToneWarning
	case ops.LevelCritical:
		return ToneCritical
	}
	return ToneUnknown
}

// loud returns the tone of a judgement that asks for something, and the given one
// where all is as it should be.
func loud(l ops.Level, otherwise Tone) Tone {
	if l.Bad() || l == ops.LevelUnknown {
		return ToneOf(l)
	}
	return otherwise
}

// past returns the tone of something that is over: that it ended well is no
// judgement of now, and is not painted as good.
func past(l ops.Level) Tone {
	if l.Good() {
		return ToneInfo
	}
	return ToneOf(l)
}

// held says how a figure stands to its limit, and the tone of that.
func held(s ops.LoadStanding) (string, Tone) {
	switch {
	case !s.Known:
		return "NO FIGURE", ToneUnknown
	case s.Held && s.Lower:
		return "held, at least", ToneWarning
	case s.Held:
		return "held", ToneOK
	}
	return "BROKEN", ToneCritical
}

// lacking is the tone of a count that ought to be zero.
func lacking(n int64) Tone {
	if n > 0 {
		return ToneWarning
	}
	return TonePlain
}

// moved says how a figure of two runs differs, and the tone of that.
func moved(d ops.LoadDelta) (string, Tone) {
	switch {
	case d.Worse:
		return "WORSE", ToneWarning
	case d.Better:
		return "better", ToneInfo
	}
	return "", TonePlain
}

// unjudged is the level of a row that nobody judges.
const unjudged = ops.LevelInfo

// levelOf is the level of a row that is told by one cell.
func levelOf(t Tone) ops.Level {
	switch t {
	case ToneOK:
		return ops.LevelOK
	case ToneInfo, ToneMuted, TonePlain:
		return ops.LevelInfo
	case ToneWarning:
		return ops.LevelWarning
	case ToneCritical:
		return ops.LevelCritical
	}
	return ops.LevelUnknown
}

// aged returns a level as it may be shown of a reading: what was critical stays so,
// and of everything else nobody knows whether it still is.
func aged(l ops.Level, fresh bool) ops.Level {
	if fresh || l == ops.LevelCritical {
		return l
	}
	return ops.LevelUnknown
}

// planLevel is that of a plan as it is known now.
func planLevel(r ops.Reading[ops.Backups]) ops.Level {
	if !r.Known() {
		return ops.LevelUnknown
	}
	return aged(r.Value.Verdict.Level, r.Fresh())
}

// PlanAmiss reports whether something is wrong with a plan, or it is not known now.
func PlanAmiss(r ops.Reading[ops.Backups]) bool { return planLevel(r).Worse(ops.LevelInfo) }

// sourceLevel is the level of a source. Where the way to the agent was lost after
// it was judged, it is good no more.
func sourceLevel(s ops.Source) ops.Level {
	return aged(s.Level, s.State == ops.SourceOK || !s.Level.Good())
}

// worst returns the worst of some levels; nothing is ok.
func worst(levels ...ops.Level) ops.Level {
	out := ops.LevelOK
	for _, l := range levels {
		if l.Worse(out) {
			out = l
		}
	}
	return out
}

// LevelWord is how a level reads: what is bad or not known in capitals.
func LevelWord(l ops.Level) string {
	switch l {
	case ops.LevelCritical, ops.LevelUnknown:
		return strings.ToUpper(l.String())
	}
	return l.String()
}

// Exit codes of a snapshot, as monitoring plugins have them.
const (
	ExitOK       = 0
	ExitWarning  = 1
	ExitCritical = 2
	ExitUnknown  = 3
)

// Exit returns the process's exit code: critical outranks unknown, and unknown
// outranks a warning.
func (s Snapshot) Exit() int {
	switch s.Level {
	case ops.LevelOK, ops.LevelInfo:
		return ExitOK
	case ops.LevelWarning:
		return ExitWarning
	case ops.LevelCritical:
		return ExitCritical
	}
	return ExitUnknown
}

// levelNumber is a level as the exit code of a plugin has it.
func levelNumber(l ops.Level) float64 {
	return map[ops.Level]float64{ops.LevelWarning: 1, ops.LevelCritical: 2, ops.LevelUnknown: 3}[l]
}
