package tui

import (
	"time"

	"opsdeck/report"
)

// noticeFor is how long the last result stays on the job line.
const noticeFor = 15 * time.Second

// noticeBoard holds the last thing the console had to say.
type noticeBoard struct {
	text string
	tone report.Tone
	end  time.Time
}

func (n *noticeBoard) say(tone report.Tone, text string, now time.Time) {
	*n = noticeBoard{text, tone, now.Add(noticeFor)}
}

// add says something that nobody waits for: what went wrong a moment ago is not
// replaced by what went well.
func (n *noticeBoard) add(tone report.Tone, text string, now time.Time) {
	wrong := func(t report.Tone) bool { return t >= report.ToneWarning }
	if wrong(n.tone) && !wrong(tone) && now.Before(n.end) {
		return
	}
	n.say(tone, text, now)
}

func (n *noticeBoard) expire(now time.Time) {
	if !now.Before(n.end) {
		*n = noticeBoard{}
	}
}

// until returns when the notice goes; zero: there is none.
func (n *noticeBoard) until() time.Time { return n.end }
