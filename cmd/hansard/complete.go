package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hansardhq/hansard/internal/reading"
)

// completionPatience is how long a shell waits for the completion of a search.
const completionPatience = 3 * time.Second

// completeSearch completes the search of a verb in the shell: its last word, by
// the keys of the language and the values in the record. What goes wrong is not
// said: a shell would print it into the line that is being typed.
func (p *program) completeSearch(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	before := strings.Join(args, " ")
	if before != "" {
		before += " "
	}
	search := before + toComplete
	ctx, cancel := context.WithTimeout(context.Background(), completionPatience)
	defer cancel()
	var c *reading.Completion
	err := p.with(func(b backend) (err error) {
		c, err = b.Complete(ctx, search, len(search))
		return err
	})
	if err != nil || c.From < len(before) {
		return nil, directive
	}
	var words []string
	for _, item := range c.Items {
		word := search[len(before):c.From] + item.Insert
		if item.Description != "" {
			word += "\t" + item.Description
		}
		words = append(words, word)
	}
	return words, directive
}

// completeValue completes a value of a field.
func (p *program) completeValue(field, typed string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(context.Background(), completionPatience)
	defer cancel()
	search := field + `:"` + typed
	var words []string
	err := p.with(func(b backend) error {
		c, err := b.Complete(ctx, search, len(search))
		if err != nil {
			return err
		}
		for _, item := range c.Items {
			if item.Count != nil {
				words = append(words, item.Text)
			}
		}
		return nil
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}
