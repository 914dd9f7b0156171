// The OpenAI Agents SDK: a handoff, a tool that works and one that fails.
import assert from 'node:assert';
import { Agent, handoff, OpenAIResponsesModel, run, tool, withTrace } from '@openai/agents';
import OpenAI from 'openai';
import { z } from 'zod';
import { provider } from './telemetry.mjs';

const model = new OpenAIResponsesModel(new OpenAI({ baseURL: process.env.MODEL_URL, apiKey: 'none' }), 'gpt-5-mini');
const getOrder = tool({
  name: 'get_order', description: 'Look an order up.', parameters: z.object({ order_id: z.number() }),
  execute: async ({ order_id }) => `order ${order_id}: paid, 20.50 EUR`,
});
const refund = tool({
  name: 'refund', description: 'Refund an order.', parameters: z.object({ order_id: z.number(), amount: z.number() }),
  execute: async () => { throw new Error('the payment provider is away'); },
});
const billing = new Agent({ name: 'billing', instructions: 'Refund orders.', model, tools: [getOrder, refund] });
const triage = new Agent({ name: 'triage', instructions: 'Hand over to who can help.', model, handoffs: [handoff(billing, { toolNameOverride: 'transfer_to_billing' })] });

const result = await withTrace('Refund desk', () => run(triage, 'Please refund order 7731'), { groupId: 'conversation-42' });
assert.match(result.finalOutput, /failed/);
assert.equal(result.lastAgent.name, 'billing');
await provider.shutdown();
