import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, type ReactNode } from "react";

import { kindOf, type Entry } from "../api/entry";
import { dollars, count } from "../parts/figures";
import { Inert, InertValue } from "../text/Inert";
import { spelled } from "../text/inert";
import { duration } from "../time/format";
import { When } from "../time/When";
import { classOf, type ViewProps } from "./model";
import { mostWhole, useWhole, type Line } from "./timeline";

/** quiet are types that a conversation leaves out unless they erred: they repeat what others say. */
const quiet = new Set(["agent.token_usage"]);

/** Replay reads the trace as a conversation, up to where the playhead is. */
export function Replay(p: ViewProps) {
  const { model: m, head, selected, select } = p;
  const whole = useWhole(m.timeline, true);
  const box = useRef<HTMLDivElement>(null);
  const list = useMemo(() => m.lines.map((_, i) => i).filter((i) => !quiet.has(m.lines[i]!.event_type) || m.lines[i]!.has_error), [m]);
  const until = head === null ? list.length : upTo(list, (i) => m.from[i]! <= head);
  const v = useVirtualizer({ count: until, getScrollElement: () => box.current, estimateSize: () => 92, overscan: 8, getItemKey: (k) => list[k]! });
  useEffect(() => {
    if (head !== null && until > 0) v.scrollToIndex(until - 1, { align: "end" });
  }, [until, head !== null]); // eslint-disable-line
  const at = list.indexOf(selected);
  useEffect(() => {
    if (at >= 0 && at < until) v.scrollToIndex(at, { align: "auto" });
  }, [at]); // eslint-disable-line
  return (
    <div>
      {m.timeline.total_events > mostWhole && <p className="h-muted">This trace has more than {count(mostWhole)} events: each is shown in a line; select one to see all of it.</p>}
      <div ref={box} className="h-replay" tabIndex={0} role="feed" aria-label="The trace as a conversation">
        <div style={{ height: v.getTotalSize(), position: "relative" }}>
          {v.getVirtualItems().map((item) => {
            const i = list[item.index]!;
            const l = m.lines[i]!;
            return (
              <div key={item.key} ref={v.measureElement} data-index={item.index} style={{ position: "absolute", top: 0, left: 0, right: 0, transform: `translateY(${item.start}px)`, paddingBottom: 8 }}>
                <Card line={l} entry={whole.data?.get(l.event_id)} selected={i === selected} cause={p.causes.has(l.event_id)} pick={() => select(i)} posinset={item.index + 1} setsize={until} side={m.lane[i]! % 2 === 1} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** upTo counts the lines at the begin of a list in order of time that hold. */
function upTo(list: number[], holds: (i: number) => boolean): number {
  let [a, b] = [0, list.length];
  while (a < b) {
    const mid = (a + b) >> 1;
    if (holds(list[mid]!)) a = mid + 1;
    else b = mid;
  }
  return a;
}

interface CardProps {
  line: Line;
  entry?: Entry;
  selected: boolean;
  cause: boolean;
  pick: () => void;
  posinset: number;
  setsize: number;
  side: boolean;
}

function Card({ line: l, entry: e, selected, cause, pick, posinset, setsize, side }: CardProps) {
  const asked = e?.event_type === "agent.invocation" && e.source === "user"; // then it is the user who speaks
  return (
    <article className={`h-card h-card-${classOf(l)} ${side ? "h-card-side" : ""} ${selected ? "h-card-selected" : ""}`} aria-posinset={posinset} aria-setsize={setsize} aria-label={spelled(`${asked ? "user to " : ""}${l.agent || "no agent"}: ${kindOf(l.event_type)}`)}>
      <header>
        <button type="button" className="h-card-open" onClick={pick} aria-pressed={selected}>
          {asked && <><strong>user</strong> <span className="h-muted">to</span> </>}
          <strong><Inert text={l.agent || "no agent named"} /></strong>
        </button>
        <span className="h-mark">{kindOf(l.event_type)}</span>
        {cause && <span className="h-mark h-mark-cause">root cause</span>}
        {l.status && l.status !== "ok" && <span className={`h-mark ${l.has_error ? "h-mark-error" : ""}`}><Inert text={l.status} /></span>}
        <span className="h-muted h-card-when"><When at={l.time} brief />{l.duration && ` · ${l.duration}`}</span>
      </header>
      <Body line={l} entry={e} />
    </article>
  );
}

/** Body is what was said or done, as far as it is known. */
function Body({ line: l, entry: e }: { line: Line; entry?: Entry }) {
  if (!e) return <div><Inert text={l.details.slice(0, 600)} /></div>;
  const parts: ReactNode[] = [];
  const say = (text: string | undefined, label?: string) => text && parts.push(<div key={parts.length}>{label && <span className="h-muted">{label} </span>}<Inert text={text.slice(0, 4000)} /></div>);
  const json = (value: unknown, label: string) => value !== undefined && value !== null && parts.push(<details key={parts.length} className="h-details" open={brief(value)}><summary>{label}</summary><InertValue value={value} /></details>);
  switch (e.event_type) {
    case "agent.invocation":
      say((e.params as Record<string, unknown> | undefined)?.["task"] as string | undefined) || say(l.details);
      break;
    case "agent.llm_response":
      say(spoken(e.response)) || json(e.response, "Response");
      say([e.model, e.input_tokens !== undefined && `${count(e.input_tokens)} in`, e.output_tokens !== undefined && `${count(e.output_tokens)} out`, e.cost_usd !== undefined && dollars(e.cost_usd)].filter(Boolean).join(" · "));
      break;
    case "agent.reasoning": // its line is only its action
      say(e.reasoning || l.details);
      break;
    case "agent.tool_call":
      say(l.details);
      json(e.params, "Params");
      json(e.result, "Result");
      break;
    case "agent.tool_result":
      say(e.error ? undefined : l.details);
      json(e.result, "Result");
      break;
    default:
      say(l.details);
  }
  if (e.event_type !== "agent.reasoning") say(e.reasoning, "because");
  say(e.context_summary, "handed over:");
  say(e.comment);
  say(e.correction, "correction:");
  if (e.error) say(e.error, e.error_type ? `${e.error_type}:` : "error:");
  if (e.recovery_action) say(e.recovery_action, "then");
  if (e.duration_ms === undefined && l.duration_ms) say(duration(l.duration_ms));
  return <>{parts.length ? parts : <Inert text={l.details} />}</>;
}

/** spoken is what a model said, where its answer is a text or one message with nothing but a text. */
function spoken(response: unknown): string | undefined {
  if (typeof response === "string") return response;
  const message = response as { content?: unknown; tool_calls?: unknown } | null | undefined;
  return typeof message?.content === "string" && !message.tool_calls ? message.content : undefined;
}

/** brief reports whether JSON is short enough to be shown at once. */
const brief = (value: unknown) => (JSON.stringify(value) ?? "").length < 240;
