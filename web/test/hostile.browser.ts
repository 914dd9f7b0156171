import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { look, open, send, settled, type Stage, type Watched } from "./stage";

// What agents, users and tools say is shown and never obeyed. Each trick is put into
// every text of an event, and every page that shows events is opened.
const tricks = [
  `<script>globalThis.obeyed = 1</script><img src=x onerror="globalThis.obeyed = 2"><svg onload="globalThis.obeyed=3">`,
  `[click](javascript:globalThis.obeyed=4) ![i](http://evil.example/x.png) # heading **bold**`,
  "\u001b[31mred\u001b]8;;http://evil.example\u0007link\u001b]8;;\u0007\u0008\u0000",
  "invoice\u202Efdp.exe \u2066hidden\u2069 \u200b\u{E0041}",
  "p\u0430ypal.example \u0391dmin",
  `"><iframe srcdoc="<script>top.obeyed=5</script>"></iframe>`,
  `{{constructor.constructor('obeyed=6')()}} \${obeyed=7}`,
];

const event = (i: number, trick: string) => ({
  event_id: `h${i}`, event_type: i % 2 ? "agent.error" : "agent.tool_call", trace_id: "hostile", session_id: "hostile-session", task_id: trick.slice(0, 200),
  agent_name: `a ${trick}`.slice(0, 200), tool_name: `t ${trick}`.slice(0, 200), action: trick, params: { task: trick, [trick.slice(0, 60)]: trick }, result: [trick],
  reasoning: trick, decision: trick, error: i % 2 ? trick : undefined, error_type: i % 2 ? trick.slice(0, 200) : undefined, model: trick.slice(0, 200), user_id: `u ${trick}`.slice(0, 200),
  environment: trick.slice(0, 100), attributes: { x: trick }, context_summary: trick, token_count: 5, cost_usd: 0.1,
});

let stage: Stage;
let w: Watched;
beforeAll(async () => {
  stage = await open();
  await send(stage, tricks.map((t, i) => event(i, t)));
  w = await look(stage);
  w.page.on("dialog", (d) => w.complaints.push(`dialog: ${d.message()}`));
});
afterAll(async () => stage?.close());

const paths = [
  "/", "/live", "/search", "/search#event=h0", "/search#event=h1", "/search#event=h3", "/traces", "/traces/hostile", "/sessions", "/sessions/hostile-session",
  "/tasks", "/users", "/agents", `/agents/${encodeURIComponent(`a ${tricks[0]!}`.slice(0, 200))}`, "/tools", "/errors", "/cost", "/incidents", "/incidents/hostile", "/integrity", `/traces/${encodeURIComponent(tricks[0]!)}`,
];

describe("hostile text", () => {
  it.each(paths)("is inert on %s", async (path) => {
    w.complaints.length = 0;
    await w.page.goto("about:blank");
    await w.page.goto(stage.url + path);
    await settled(w.page);
    const found = await w.page.evaluate(() => {
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const raw: string[] = [];
      for (let n = walk.nextNode(); n; n = walk.nextNode()) {
        const text = n.nodeValue ?? "";
        if (!(n.parentElement instanceof HTMLScriptElement) && !(n.parentElement instanceof HTMLStyleElement) && /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]|\udb40[\udc00-\udc7f]/.test(text)) raw.push(text.slice(0, 80));
      }
      return {
        obeyed: (globalThis as { obeyed?: number }).obeyed ?? 0,
        raw,
        made: [...document.querySelectorAll("#root script, #root iframe, #root img:not([src='/favicon.svg']), #root svg[onload], #root [onerror]")].map((e) => e.outerHTML.slice(0, 120)),
        links: [...document.querySelectorAll<HTMLAnchorElement>("a[href]")].filter((a) => a.origin !== location.origin).map((a) => a.href),
      };
    });
    expect({ ...found, complaints: w.complaints.filter((c) => !c.startsWith("answer 404")) }).toEqual({ obeyed: 0, raw: [], made: [], links: [], complaints: [] });
  });
});
