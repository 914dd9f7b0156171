package integrations_test

import (
	"context"

	"github.com/anthropics/anthropic-sdk-go/v2"

	"github.com/hansardhq/hansard/client"
)

// message calls a model of Anthropic's and puts the call on record.
func message(ctx context.Context, a *client.Agent, api *anthropic.Client, params anthropic.MessageNewParams) (resp *anthropic.Message, err error) {
	call := a.LLMCall(ctx, string(params.Model), client.Provider("anthropic"), client.Messages(params.Messages))
	defer call.Done(&err)
	resp, err = api.Messages.New(call.Context(), params)
	if err != nil {
		return nil, err
	}
	u := resp.Usage
	call.End(resp.Content, nil, client.Model(string(resp.Model)),
		client.InputTokens(u.InputTokens), // without both classes of cache
		client.CacheReadTokens(u.CacheReadInputTokens),
		client.CacheWriteTokens(u.CacheCreationInputTokens),
		client.OutputTokens(u.OutputTokens))
	return resp, nil
}
