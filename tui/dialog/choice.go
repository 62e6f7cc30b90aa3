package dialog

// Choice is an estate that the console can change to.
type Choice struct {
	Name  string // empty: what the host has
	Where string // the host over ssh; empty: this machine
}

// words name a choice as the palette does.
func (c Choice) words() string {
	switch {
	case c.Where == "":
		return c.Name
	case c.Name == "":
		return "on " + c.Where
	}
	return c.Name + " on " + c.Where
}
