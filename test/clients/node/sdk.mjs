// OpenTelemetry's own SDK: every transport, encoding and compression that it has,
// for spans and for logs.
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const [encoding, compression = 'none'] = process.env.OTEL_SERVICE_NAME.split('.')[1].split('__');
const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-' + encoding);
const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-' + encoding);
const options = { compression };
if (encoding === 'grpc') options.url = 'http://' + process.env.OTLP_GRPC;

const resource = resourceFromAttributes({ 'service.name': process.env.OTEL_SERVICE_NAME });
const provider = new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter(options))] });
provider.register();
const tracer = provider.getTracer('desk');

tracer.startActiveSpan('invoke_agent billing', { attributes: {
  'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'billing', 'gen_ai.conversation.id': 'conversation-42',
} }, (agent) => {
  tracer.startSpan('chat gpt-5-mini', { kind: SpanKind.CLIENT, attributes: {
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5-mini',
    'gen_ai.usage.input_tokens': 300, 'gen_ai.usage.cache_read.input_tokens': 250, 'gen_ai.usage.output_tokens': 25,
    'gen_ai.response.finish_reasons': ['tool_calls'],
  } }).end();
  const tool = tracer.startSpan('execute_tool refund', { attributes: {
    'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'refund', 'gen_ai.tool.call.arguments': '{"order_id":7731}',
  } });
  const error = new Error('the payment provider is away: ünïcode');
  error.name = 'TimeoutError';
  tool.recordException(error);
  tool.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  tool.end();
  agent.end();
});
await provider.shutdown();

const logs = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter(options) })] });
logs.getLogger('desk').emit({
  severityNumber: SeverityNumber.WARN, severityText: 'WARN', body: 'the payment provider is away', attributes: { order: 7731 }, timestamp: Date.now(),
});
await logs.shutdown();
