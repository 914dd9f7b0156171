import { describe, expect, it } from "vitest";

import { pageOf } from "./ask";

describe("pageOf", () => {
  const f = (verb: string, more = {}) => pageOf({ verb, ...more });
  it("leads each kind of command to the page that answers it", () => {
    expect(f("events", { q: "agent:billing", since: "2026-11-25T00:00:00Z", until: "2026-11-26T00:00:00Z" })).toBe(
      "/search#since=2026-11-25T00%3A00%3A00Z&until=2026-11-26T00%3A00%3A00Z&q=agent%3Abilling");
    expect(f("export", { q: "type:error" })).toBe("/search#since=all&q=type%3Aerror");
    expect(f("trace", { subject: "task 7/1" })).toBe("/traces/task%207%2F1");
    expect(f("trace", { subject: "a", other: "b" })).toBe("/compare#a=a&b=b");
    expect(f("session", { subject: "chat-1" })).toBe("/sessions/chat-1");
    expect(f("report", { report: "errors", since: "2026-11-25T00:00:00Z" })).toBe("/errors#since=2026-11-25T00%3A00%3A00Z");
    expect(f("report", { report: "agent", subject: "billing" })).toBe("/agents/billing");
    expect(f("report", { report: "compliance" })).toBe("/compliance");
    expect(pageOf({ verb: "events" }, "jane@example.com")).toBe("/search#since=all&value=jane%40example.com");
    expect(f("incident", {})).toBe("/incidents");
    expect(f("verify")).toBe("/integrity");
  });
});
