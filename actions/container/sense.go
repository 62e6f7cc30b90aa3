package container

// condition is how a container stands, as far as it decides what can be done.
type condition struct {
	alive   bool // it runs, is paused, or its policy is about to start it
	paused  bool
	between bool // between two runs of its restart policy
	word    string
}

// objection is why an action makes no sense, and what to do instead; the zero
// value is none.
type objection struct{ what, instead string }

// against says what speaks against the action as things stand: what the daemon
// would refuse, or answer with "nothing to do".
func (a *action) against(c condition) objection {
	switch a.verb {
	case verbStart:
		return againstStart(c)
	case verbStop:
		if !c.alive {
			return objection{"it does not run: " + c.word, ""}
		}
	case verbPause:
		switch {
		case c.paused:
			return objection{"it is paused already", ""}
		case !c.alive || c.between:
			return objection{"only what runs can be paused: it is " + c.word, ""}
		}
	case verbUnpause:
		if !c.paused {
			return objection{"it is not paused: " + c.word, ""}
		}
	case verbKill:
		switch {
		case c.between:
			return objection{"it is between two runs: there is no program to send a signal to", "stop it to end its restarts"}
		case !c.alive:
			return objection{"it does not run: " + c.word, ""}
		}
	case verbRemove:
		if c.alive {
			return objection{"it is " + c.word + ", and only what does not run is removed", "stop it first"}
		}
	}
	return objection{}
}

func againstStart(c condition) objection {
	switch {
	case c.paused:
		return objection{"it is paused, not stopped", "unpause it instead"}
	case c.between:
		return objection{"it is between two runs: its restart policy starts it again", "restart it to start it at once"}
	case c.alive:
		return objection{"it is " + c.word + " already", ""}
	}
	return objection{}
}
