"""LangGraph: a graph of two agents, with routing, a tool that works and one that fails."""

import os
from typing import Annotated, TypedDict

from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt import ToolNode
from langgraph.types import Command


class State(TypedDict):
    messages: Annotated[list, add_messages]


@tool
def get_order(order_id: int) -> str:
    """Look an order up."""
    return f"order {order_id}: paid, 20.50 EUR"


@tool
def refund(order_id: int, amount: float) -> str:
    """Refund an order."""
    raise RuntimeError("the payment provider is away")


def work() -> None:
    tools = [get_order, refund]
    model = ChatOpenAI(model="gpt-5-mini", base_url=os.environ["MODEL_URL"], api_key="none", use_responses_api=False)
    with_tools = model.bind_tools(tools)

    def triage(state: State) -> Command:
        return Command(goto="billing")

    def billing(state: State) -> dict:
        return {"messages": [with_tools.invoke(state["messages"])]}

    def after_billing(state: State) -> str:
        return "tools" if state["messages"][-1].tool_calls else END

    graph = StateGraph(State)
    graph.add_node("triage", triage, destinations=("billing",))
    graph.add_node("billing", billing)
    graph.add_node("tools", ToolNode(tools, handle_tool_errors=True))
    graph.add_edge(START, "triage")
    graph.add_conditional_edges("billing", after_billing, ["tools", END])
    graph.add_edge("tools", "billing")
    app = graph.compile(name="refund_desk")
    result = app.invoke(
        {"messages": [("user", "Please refund order 7731")]},
        {"configurable": {"thread_id": "conversation-42"}, "metadata": {"user_id": "customer-9"}},
    )
    assert "failed" in result["messages"][-1].content, result


def openinference(recipe) -> None:
    telemetry = recipe("langgraph", "telemetry.py")
    work()
    telemetry["provider"].shutdown()
    telemetry["LangChainInstrumentor"]().uninstrument()


def openllmetry(recipe) -> None:
    telemetry = recipe("langgraph", "telemetry_openllmetry.py")
    work()
    telemetry["provider"].shutdown()
    telemetry["LangchainInstrumentor"]().uninstrument()
