// Package themes holds the colours and signs of the console. Palettes are data;
// a Theme is a palette made into ready escape sequences, so that painting a word
// costs two string copies and no style computation.
//
// No theme carries meaning alone: whatever is painted is also said by a word or
// a letter, and the mono theme has no colour at all.
package themes

// Palette gives each role a colour: "" is the terminal's own, "1".."15" one of
// its sixteen, "#rrggbb" a fixed one (downsampled where the terminal has fewer).
type Palette struct {
	Name string
	// Muted is what matters least ("": faint), Key is a key to press. Titles have
	// no colour of their own: the estate's name and PRODUCTION have to be read even
	// where the ground was guessed wrong.
	Muted, Key string
	// OK to Unknown paint judgements; Stale is a value whose source fell silent.
	OK, Info, Warning, Critical, Unknown, Stale string
	// Alarm is the text colour on a Critical ground, for what must not be missed.
	Alarm string
	// Plainly means that colours are left out and attributes carry the weight.
	Plainly bool
	// Bolder means that every judgement is bold, for eyes and screens that need it.
	Bolder bool
}

// palettes returns every palette there is; the first is the default.
func palettes() []Palette {
	return []Palette{
		{
			Name: "dark", Muted: "#8a8a8a", Key: "#87afd7",
			OK: "#87d787", Info: "#87afd7", Warning: "#ffaf00", Critical: "#ff5f5f",
			Unknown: "#d787ff", Stale: "#bcbcbc", Alarm: "#000000",
		},
		{
			Name: "light", Muted: "#6c6c6c", Key: "#005f87",
			OK: "#00700a", Info: "#005f87", Warning: "#875f00", Critical: "#af0000",
			Unknown: "#87008f", Stale: "#4e4e4e", Alarm: "#ffffff",
		},
		{
			// Blue against orange stays apart for the common kinds of colour blindness.
			Name: "high-contrast", Muted: "#949494", Key: "#5fd7ff",
			OK: "#5fd7ff", Info: "", Warning: "#ffd700", Critical: "#ff8700",
			Unknown: "#ff87ff", Stale: "7", Alarm: "#000000", Bolder: true,
		},
		{
			// The terminal's own colours: right on every ground that its owner chose.
			// Not bright black, which some owners made the colour of the ground.
			Name: "16-colour", Muted: "", Key: "6",
			OK: "2", Info: "6", Warning: "3", Critical: "1",
			Unknown: "5", Stale: "", Alarm: "15",
		},
		{Name: "none", Plainly: true},
	}
}

// Names lists the palettes, the default first.
func Names() []string {
	var names []string
	for _, p := range palettes() {
		names = append(names, p.Name)
	}
	return names
}
