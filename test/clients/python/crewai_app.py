"""CrewAI: a crew of one agent, with a tool that works and one that fails."""

import os

from crewai import LLM, Agent, Crew, Task
from crewai.tools import tool


@tool("get_order")
def get_order(order_id: int) -> str:
    """Look an order up."""
    return f"order {order_id}: paid, 20.50 EUR"


@tool("refund")
def refund(order_id: int, amount: float) -> str:
    """Refund an order."""
    raise RuntimeError("the payment provider is away")


def openinference(recipe) -> None:
    telemetry = recipe("crewai", "telemetry.py")
    model = LLM(model="openai/gpt-5-mini", base_url=os.environ["MODEL_URL"], api_key="none")
    billing = Agent(role="billing", goal="Refund orders.", backstory="You refund orders.", llm=model, tools=[get_order, refund])
    task = Task(description="Please refund order 7731", expected_output="What came of it.", agent=billing)
    result = Crew(name="refund desk", agents=[billing], tasks=[task]).kickoff()
    assert "failed" in str(result), result
    telemetry["provider"].shutdown()
