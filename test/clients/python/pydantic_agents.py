"""Pydantic AI: its TestModel, and a scripted one with a failing tool and an approval."""

from pydantic_ai import Agent, ApprovalRequired, DeferredToolRequests, DeferredToolResults, ModelResponse, RunContext, TextPart, ToolCallPart, ToolDenied
from pydantic_ai.exceptions import ModelRetry
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.test import TestModel


def desk(model) -> Agent:
    agent = Agent(model, name="billing", instructions="Refund orders.", output_type=[str, DeferredToolRequests])

    @agent.tool_plain(retries=2)
    def get_order(order_id: int) -> str:
        if order_id < 0:
            raise ModelRetry("an order's number is positive")
        return f"order {order_id}: paid, 20.50 EUR"

    @agent.tool
    def refund(ctx: RunContext, order_id: int) -> str:
        if not ctx.tool_call_approved:
            raise ApprovalRequired(metadata={"amount": 20.5})
        return "refunded"

    return agent


def scripted(messages, info: AgentInfo) -> ModelResponse:
    """Asks for a wrong order, then for the right one, then for a refund."""
    calls = sum(isinstance(m, ModelResponse) for m in messages)
    if calls == 0:
        return ModelResponse(parts=[ToolCallPart("get_order", {"order_id": -1}, "call_1")])
    if calls == 1:
        return ModelResponse(parts=[ToolCallPart("get_order", {"order_id": 7731}, "call_2")])
    if calls == 2:
        return ModelResponse(parts=[ToolCallPart("refund", {"order_id": 7731}, "call_3")])
    return ModelResponse(parts=[TextPart("It was not approved.")])


def work() -> None:
    result = Agent(TestModel(call_tools=[]), name="greeter").run_sync("Say hello")
    assert result.output, result
    agent = desk(FunctionModel(scripted, model_name="scripted"))
    asked = agent.run_sync("Please refund order 7731")
    assert isinstance(asked.output, DeferredToolRequests), asked.output
    answer = DeferredToolResults(approvals={asked.output.approvals[0].tool_call_id: ToolDenied("too much")})
    result = agent.run_sync(message_history=asked.all_messages(), deferred_tool_results=answer)
    assert result.output == "It was not approved.", result.output


def opentelemetry(recipe) -> None:
    telemetry = recipe("pydantic-ai", "telemetry.py")
    work()
    telemetry["provider"].shutdown()
    Agent.instrument_all(False)


def logfire(recipe) -> None:
    telemetry = recipe("pydantic-ai", "telemetry_logfire.py")
    with telemetry["logfire"].span("handle {customer}", customer="customer-9"):
        work()
    telemetry["logfire"].shutdown()
    Agent.instrument_all(False)
