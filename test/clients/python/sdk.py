"""OpenTelemetry's own SDK: every transport, encoding and compression that it has, for spans and for logs."""

import logging
import os
import time

from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import StatusCode


def work(spans, logs) -> None:
    """Sends one tree of spans and one log."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(spans))
    tracer = provider.get_tracer("desk", "1.0")
    with tracer.start_as_current_span("invoke_agent billing", attributes={
        "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "billing", "gen_ai.conversation.id": "conversation-42",
    }):
        with tracer.start_as_current_span("chat gpt-5-mini", attributes={
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5-mini",
            "gen_ai.usage.input_tokens": 300, "gen_ai.usage.cache_read.input_tokens": 250, "gen_ai.usage.output_tokens": 25,
            "gen_ai.response.finish_reasons": ["tool_calls"],
        }):
            pass
        try:
            with tracer.start_as_current_span("execute_tool refund", attributes={
                "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "refund", "gen_ai.tool.call.arguments": '{"order_id":7731}',
            }):
                raise TimeoutError("the payment provider is away: ünïcode")
        except TimeoutError:
            pass
    provider.shutdown()

    loggers = LoggerProvider()
    loggers.add_log_record_processor(BatchLogRecordProcessor(logs))
    handler = LoggingHandler(logger_provider=loggers)
    logger = logging.getLogger("desk." + os.environ["OTEL_SERVICE_NAME"])
    logger.addHandler(handler)
    logger.warning("the payment provider is away", extra={"order": 7731})
    loggers.shutdown()


def grpc(recipe) -> None:
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from grpc import Compression

    endpoint = "http://" + os.environ["OTLP_GRPC"]
    compression = Compression.Gzip if os.environ["OTEL_SERVICE_NAME"].endswith("gzip") else Compression.NoCompression
    work(OTLPSpanExporter(endpoint, insecure=True, compression=compression), OTLPLogExporter(endpoint, insecure=True, compression=compression))


grpc_gzip = grpc


def http_protobuf(recipe) -> None:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    compression = Compression.Gzip if os.environ["OTEL_SERVICE_NAME"].endswith("gzip") else Compression.NoCompression
    work(OTLPSpanExporter(compression=compression), OTLPLogExporter(compression=compression))


http_protobuf_gzip = http_protobuf


def http_json(recipe) -> None:
    from opentelemetry.exporter.otlp.json.http import OTLPSpanExporter
    from opentelemetry.exporter.otlp.json.http._log_exporter import OTLPLogExporter

    work(OTLPSpanExporter(), OTLPLogExporter())


def http_json_gzip(recipe) -> None:
    os.environ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip"
    try:
        http_json(recipe)
    finally:
        del os.environ["OTEL_EXPORTER_OTLP_COMPRESSION"]
