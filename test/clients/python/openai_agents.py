"""The OpenAI Agents SDK: a handoff, a tool that works and one that fails."""

import os

from agents import Agent, OpenAIResponsesModel, RunConfig, Runner, function_tool, trace
from openai import AsyncOpenAI


@function_tool
def get_order(order_id: int) -> str:
    """Look an order up."""
    return f"order {order_id}: paid, 20.50 EUR"


@function_tool
def refund(order_id: int, amount: float) -> str:
    """Refund an order."""
    raise RuntimeError("the payment provider is away")


def work() -> None:
    model = OpenAIResponsesModel("gpt-5-mini", AsyncOpenAI(base_url=os.environ["MODEL_URL"], api_key="none"))
    billing = Agent(name="billing", instructions="Refund orders.", model=model, tools=[get_order, refund])
    triage = Agent(name="triage", instructions="Hand over to who can help.", model=model, handoffs=[handoff_to(billing)])
    with trace("Refund desk", group_id="conversation-42"):
        result = Runner.run_sync(triage, "Please refund order 7731")
    assert "failed" in result.final_output, result.final_output
    assert result.last_agent.name == "billing"


def handoff_to(agent):
    from agents import handoff

    return handoff(agent, tool_name_override="transfer_to_billing")


def openinference(recipe) -> None:
    telemetry = recipe("openai-agents", "telemetry.py")
    work()
    telemetry["provider"].shutdown()
    telemetry["OpenAIAgentsInstrumentor"]().uninstrument()


def openllmetry(recipe) -> None:
    telemetry = recipe("openai-agents", "telemetry_openllmetry.py")
    work()
    telemetry["provider"].shutdown()
    telemetry["set_trace_processors"]([])
