package integrations_test

import (
	"context"
	"errors"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hansardhq/hansard/client"
)

// recordTools puts each call of an MCP client's tools on record, and sends the
// trace along in the call's metadata.
//
//	c := mcp.NewClient(&mcp.Implementation{Name: "support", Version: "1.0.0"}, nil)
//	c.AddSendingMiddleware(recordTools(agent))
func recordTools(a *client.Agent) mcp.Middleware {
	return func(next mcp.MethodHandler) mcp.MethodHandler {
		return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
			params, ok := req.GetParams().(*mcp.CallToolParams)
			if !ok {
				return next(ctx, method, req)
			}
			call := a.ToolCall(ctx, params.Name, params.Arguments)
			meta := params.GetMeta()
			if meta == nil {
				meta = map[string]any{}
			}
			headers := http.Header{}
			client.Inject(call.Context(), headers)
			meta["traceparent"], meta["tracestate"] = headers.Get("traceparent"), headers.Get("tracestate")
			params.SetMeta(meta)
			result, err := next(call.Context(), method, req)
			if r, ok := result.(*mcp.CallToolResult); err == nil && ok && r.IsError {
				call.End(r.Content, errors.New("the tool says that it failed"), client.ErrorType("mcp.ToolError"))
			} else {
				call.End(result, err)
			}
			return result, err
		}
	}
}
