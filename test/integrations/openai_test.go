package integrations_test

import (
	"context"

	"github.com/openai/openai-go/v3"

	"github.com/hansardhq/hansard/client"
)

// chat calls a model of OpenAI's and puts the call on record.
func chat(ctx context.Context, a *client.Agent, api *openai.Client, params openai.ChatCompletionNewParams) (resp *openai.ChatCompletion, err error) {
	call := a.LLMCall(ctx, params.Model, client.Provider("openai"), client.Messages(params.Messages))
	defer call.Done(&err)
	resp, err = api.Chat.Completions.New(call.Context(), params)
	if err != nil {
		return nil, err
	}
	u := resp.Usage
	call.End(resp.Choices, nil, client.Model(resp.Model),
		client.InputTokens(u.PromptTokens-u.PromptTokensDetails.CachedTokens), // input without what came from the cache
		client.CacheReadTokens(u.PromptTokensDetails.CachedTokens),
		client.OutputTokens(u.CompletionTokens),
		client.ReasoningTokens(u.CompletionTokensDetails.ReasoningTokens))
	return resp, nil
}
