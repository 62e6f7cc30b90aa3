// Command empty is a Bubble Tea program that does nothing: it shows the lines of
// a file, and a key moves a mark among them. What it costs is what the library
// costs, so the console is measured beside it.
package main

import (
	"fmt"
	"os"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// model is the lines and the marked one.
type model struct {
	lines  []string
	marked int
}

// Init asks for nothing.
func (m model) Init() tea.Cmd { return nil }

// Update moves the mark, or leaves.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	key, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return m, nil
	}
	switch key.String() {
	case "down":
		m.marked = min(m.marked+1, len(m.lines)-1)
	case "up":
		m.marked = max(m.marked-1, 0)
	case "q", "ctrl+c":
		return m, tea.Quit
	}
	return m, nil
}

// View is the lines with the mark.
func (m model) View() tea.View {
	var b strings.Builder
	for i, l := range m.lines {
		mark := " "
		if i == m.marked {
			mark = ">"
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(mark + l)
	}
	v := tea.NewView(b.String())
	v.AltScreen = true
	return v
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "empty:", err)
		os.Exit(1)
	}
}

func run() error {
	raw, err := os.ReadFile(os.Args[len(os.Args)-1])
	if err != nil {
		return err
	}
	m := model{lines: strings.Split(strings.TrimRight(string(raw), "\n"), "\n")}
	_, err = tea.NewProgram(m).Run()
	return err
}
