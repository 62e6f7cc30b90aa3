package main

import (
	"fmt"
	"regexp"
	"strings"

	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"
)

// manCommand prints the man page; make install puts it where man looks.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man", Short: "Print the man page", Args: none,
		Long:    "Print the man page. make install puts it where man looks for it.",
		Example: "opsdeck man | man -l -\nopsdeck man > /usr/local/share/man/man1/opsdeck.1",
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := manPage(cmd.Root())
			if err == nil {
				_, err = fmt.Fprint(cmd.OutOrStdout(), text)
			}
			return err
		},
	}
}

// shortFlag is a flag with one letter, as mango writes it.
var shortFlag = regexp.MustCompile(`\\fB--(\w) --`)

// manPage makes the page of all commands. mango makes a paragraph of every line and two
// words of two dashes of every flag, so lines are joined before and flags mended behind.
func manPage(root *cobra.Command) (string, error) {
	whole := root.Long
	defer func() { root.Long = whole }()
	paragraphs := strings.Split(whole, "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = strings.ReplaceAll(p, "\n", " ")
	}
	root.Long = strings.Join(paragraphs, "\n")
	page, err := mango.NewManPage(1, root)
	if err != nil {
		return "", fmt.Errorf("make the man page: %w", err)
	}
	return shortFlag.ReplaceAllString(page.Build(roff.NewDocument()), `\fB-$1, --`), nil
}
