// The Vercel AI SDK, version 6: a tool that works and one that fails, and once
// more with a person who refuses.
import assert from 'node:assert';
import { stepCountIs, tool } from 'ai6';
import { MockLanguageModelV3 } from 'ai6/test';
import { ask } from './call6.mjs';
import { answer, tools } from './story.mjs';
import { provider } from './telemetry6.mjs';

const model = () => {
  let n = 0;
  return new MockLanguageModelV3({ provider: 'openai.responses', modelId: 'gpt-5-mini', doGenerate: async () => answer(n++) });
};
const question = [{ role: 'user', content: 'Please refund order 7731' }];

const failed = await ask({ model: model(), tools: tools(tool, false), messages: question, stopWhen: stepCountIs(5) });
assert.match(failed.text, /failed/);

const careful = model();
const asked = await ask({ model: careful, tools: tools(tool, true), messages: question, stopWhen: stepCountIs(5) });
const request = asked.content.find((part) => part.type === 'tool-approval-request');
assert.ok(request, JSON.stringify(asked.content));
const refused = { role: 'tool', content: [{ type: 'tool-approval-response', approvalId: request.approvalId, approved: false, reason: 'too much' }] };
const messages = [...question, ...(asked.responseMessages ?? asked.response.messages), refused];
await ask({ model: careful, tools: tools(tool, true), messages, stopWhen: stepCountIs(5) });
await provider.shutdown();
