package themes

import "strings"

// Signs are the characters that are not letters.
type Signs struct {
	Ellipsis string   // marks text that was cut
	Mark     string   // stands before the selected line
	Tick     string   // stands before a line marked for bulk
	Rule     string   // a horizontal line, repeated
	Full     string   // the done part of a bar
	Empty    string   // the rest of it
	Dot      string   // separates short facts
	Spark    []string // from low to high
	Up, Down string   // there is more above, below
}

func signs(ascii bool) Signs {
	if ascii {
		return Signs{
			Ellipsis: "~", Mark: ">", Tick: "*", Rule: "-", Full: "#", Empty: ".", Dot: "|",
			Spark: []string{"_", ".", ":", "-", "=", "+", "*", "#"}, Up: "^", Down: "v",
		}
	}
	return Signs{
		Ellipsis: "…", Mark: ">", Tick: "*", Rule: "─", Full: "█", Empty: "░", Dot: "·",
		Spark: []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}, Up: "↑", Down: "↓",
	}
}

// UTF8 reports whether the locale that getenv tells of writes UTF-8. POSIX says
// which variable wins: LC_ALL, then LC_CTYPE, then LANG; none is the C locale.
func UTF8(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// Choose returns the theme to use where the user named none: none under
// NO_COLOR or a terminal without colours, sixteen on the Linux console.
func Choose(getenv func(string) string, darkGround bool) string {
	term := getenv("TERM")
	switch {
	case getenv("NO_COLOR") != "", term == "dumb", strings.HasPrefix(term, "vt"):
		return "none"
	case term == "linux", term == "ansi":
		return "16-colour"
	case darkGround:
		return "dark"
	}
	return "light"
}
