// What the scripted models of the Vercel AI SDK's suites do: look an order up, ask
// to refund it, and say what came of it.
import { z } from 'zod';

export const steps = [
  { call: 'get_order', input: { order_id: 7731 }, usage: { total: 200, cached: 100, output: 15, reasoning: 0 } },
  { call: 'refund', input: { order_id: 7731, amount: 20.5 }, usage: { total: 260, cached: 200, output: 18, reasoning: 0 } },
  { text: 'The refund of order 7731 failed.', usage: { total: 300, cached: 250, output: 25, reasoning: 5 } },
];

// answer is the n-th step as a model of the SDK answers it.
export function answer(n) {
  const { call, input, text, usage } = steps[n];
  return {
    content: call ? [{ type: 'tool-call', toolCallId: 'call_' + call, toolName: call, input: JSON.stringify(input) }] : [{ type: 'text', text }],
    finishReason: { unified: call ? 'tool-calls' : 'stop', raw: undefined },
    usage: {
      inputTokens: { total: usage.total, noCache: usage.total - usage.cached, cacheRead: usage.cached, cacheWrite: 0 },
      outputTokens: { total: usage.output, text: usage.output - usage.reasoning, reasoning: usage.reasoning },
    },
    response: { id: 'resp_' + n, modelId: 'gpt-5-mini-2026-01-01', timestamp: new Date() },
    warnings: [],
  };
}

// tools are the agent's. refund asks for approval where it should, and fails.
export const tools = (tool, needsApproval) => ({
  get_order: tool({
    description: 'Look an order up.', inputSchema: z.object({ order_id: z.number() }),
    execute: async ({ order_id }) => ({ order: order_id, state: 'paid' }),
  }),
  refund: tool({
    description: 'Refund an order.', inputSchema: z.object({ order_id: z.number(), amount: z.number() }), needsApproval,
    execute: async () => { throw new Error('the payment provider is away'); },
  }),
});
