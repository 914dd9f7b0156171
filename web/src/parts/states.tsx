import { Alert, Button, Code, CopyButton, Loader } from "@mantine/core";
import type { ReactNode } from "react";

import { Problem } from "../api/client";
import { Inert } from "../text/Inert";

/** Loading says that an answer is on its way. */
export function Loading({ what = "Loading" }: { what?: string }) {
  return (
    <div role="status" style={{ display: "flex", gap: "0.6rem", alignItems: "center", padding: "1.2rem" }} className="h-muted">
      <Loader size="sm" /> {what} …
    </div>
  );
}

/** Failed says what went wrong, and what to do. */
export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  const p = error instanceof Problem ? error : new Problem("failed", error instanceof Error ? error.message : String(error), 0);
  return (
    <Alert color="red" variant="outline" title={p.title} role="alert" mb="sm">
      <div>
        <Inert text={p.detail} />
      </div>
      {p.hint && (
        <div>
          <Inert text={p.hint} />
        </div>
      )}
      {p.requestId && <div className="h-muted">request {p.requestId}</div>}
      {again && (
        <Button size="compact-sm" variant="default" mt="xs" onClick={again}>
          Ask again
        </Button>
      )}
    </Alert>
  );
}

/** Nothing is an empty state: what is not there, and what to do next. */
export function Nothing({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="h-panel" style={{ textAlign: "center", padding: "2.2rem 1rem" }}>
      <p style={{ fontWeight: 600, margin: "0 0 0.4rem" }}>{title}</p>
      <div className="h-muted">{children}</div>
    </div>
  );
}

/** Snippet is text to copy. */
export function Snippet({ text }: { text: string }) {
  return (
    <div style={{ position: "relative", textAlign: "left" }}>
      <pre className="h-code" tabIndex={0}>
        {text}
      </pre>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button size="compact-xs" variant="default" onClick={copy} style={{ position: "absolute", top: 6, right: 6 }}>
            {copied ? "Copied" : "Copy"}
          </Button>
        )}
      </CopyButton>
    </div>
  );
}

/** FirstEvent shows how to send a first event. The page that shows it asks again until there is one. */
export function FirstEvent() {
  const origin = location.origin;
  return (
    <div className="h-panel" style={{ maxWidth: "46rem", margin: "2rem auto" }}>
      <h2 style={{ marginTop: 0, fontSize: "1.1rem" }}>The record is empty</h2>
      <p>Send a first event; this page turns into the dashboard when it arrives.</p>
      <Snippet
        text={`curl --json '{"event_type": "agent.tool_call", "agent_name": "support",
  "action": "tool_call:get_order", "params": {"order_id": 7731}}' \\
  ${origin}/v1/events`}
      />
      <p className="h-muted" style={{ marginBottom: 0 }}>
        Or point OpenTelemetry here with <Code>OTEL_EXPORTER_OTLP_ENDPOINT={origin}</Code>, or start the server with <Code>--demo</Code> to see a
        team of agents at work.
      </p>
    </div>
  );
}
