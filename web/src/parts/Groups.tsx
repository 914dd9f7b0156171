import { Button } from "@mantine/core";
import type { ReactNode } from "react";

import { useGroups, type By, type Group } from "../api/groups";
import { SearchBar } from "../search/SearchBar";
import { useFragment } from "../state/fragment";
import { usePeriod } from "../state/period";
import { Inert } from "../text/Inert";
import { spelled } from "../text/inert";
import { duration } from "../time/format";
import { When } from "../time/When";
import { Await } from "./Await";
import { DataTable, type DataColumn } from "./DataTable";
import { compact, count, dollars } from "./figures";
import { Panel } from "./Page";
import { Nothing } from "./states";

const agentsOf = (g: Group) => {
  const all = g.agents ?? [];
  return all.slice(0, 4).join(", ") + (all.length > 4 ? ` and ${all.length - 4} more` : "");
};

/** figures are the columns that every kind of group can have. */
export const figures = {
  last: { key: "end", name: "Last event", value: (g: Group) => Date.parse(g.end), cell: (g: Group) => <When at={g.end} />, num: true },
  took: { key: "took", name: "Lasted", value: (g: Group) => Number(g.duration_ms), cell: (g: Group) => duration(Number(g.duration_ms)), num: true },
  events: { key: "events", name: "Events", value: (g: Group) => g.events, cell: (g: Group) => count(g.events), num: true },
  errors: { key: "errors", name: "Errors", value: (g: Group) => g.errors, cell: (g: Group) => (g.errors ? <span className="h-mark h-mark-error">{count(g.errors)}</span> : "0"), num: true },
  agents: { key: "agents", name: "Agents", value: agentsOf, cell: (g: Group) => <div className="h-cut" title={(g.agents ?? []).map(spelled).join(", ")}><Inert text={agentsOf(g)} /></div> },
  calls: { key: "calls", name: "Tool calls", value: (g: Group) => g.tool_calls, cell: (g: Group) => count(g.tool_calls), num: true },
  handoffs: { key: "handoffs", name: "Handoffs", value: (g: Group) => g.handoffs, cell: (g: Group) => count(g.handoffs), num: true },
  humans: { key: "humans", name: "Human", value: (g: Group) => g.interventions, cell: (g: Group) => count(g.interventions), num: true },
  traces: { key: "traces", name: "Traces", value: (g: Group) => g.traces, cell: (g: Group) => count(g.traces), num: true },
  sessions: { key: "sessions", name: "Sessions", value: (g: Group) => g.sessions, cell: (g: Group) => count(g.sessions), num: true },
  tokens: { key: "tokens", name: "Tokens", value: (g: Group) => g.token_count, cell: (g: Group) => (g.token_count === null ? "" : compact(g.token_count)), num: true },
  cost: {
    key: "cost", name: "Cost", num: true, value: (g: Group) => (g.cost_usd === null ? null : Number(g.cost_usd)),
    cell: (g: Group) => (g.cost_usd === null && g.unpriced_calls === 0 ? "" : <span title={g.unpriced_calls ? `${count(g.unpriced_calls)} model calls state no cost` : undefined}>{g.cost_usd === null ? "unpriced" : `${g.unpriced_calls > 0 ? "≥ " : ""}${dollars(Number(g.cost_usd))}`}</span>),
  },
} satisfies Record<string, DataColumn<Group>>;

interface Props {
  by: By;
  /** what they are called, and one of them. */
  many: string;
  name: (g: Group) => ReactNode;
  columns: DataColumn<Group>[];
  /** within is a search that all their events are of, beside what the reader asks for. */
  within?: string;
  empty: ReactNode;
}

/** GroupList lists what the events of a search come to by a field, the last active first. The search is in the address. */
export function GroupList({ by, many, name, columns, within = "", empty }: Props) {
  const f = useFragment();
  const [period] = usePeriod();
  const q = f.get("q");
  const got = useGroups(by, [within, q && within ? `(${q})` : q].filter(Boolean).join(" "), period);
  const head: DataColumn<Group> = { key: "id", name: many[0]!.toUpperCase() + many.slice(1, -1), value: (g) => g.id, cell: (g) => <div className="h-id">{name(g)}</div> };
  return (
    <>
      <div style={{ marginBottom: "0.8rem" }}>
        <SearchBar q={q} onSearch={(text) => f.set({ q: text })} placeholder={`Only ${many} with events such as agent:billing status:error`} />
      </div>
      <Await query={got} what={many}>
        {(d) => {
          const list = d.pages.flatMap((p) => p.items);
          if (list.length === 0) return <Nothing title={`No ${many} ${q ? "match" : "in this period"}`}>{q ? "Widen the period, or take a term away." : empty}</Nothing>;
          return (
            <Panel title={got.hasNextPage ? `The last ${count(list.length)} ${many}` : `${count(list.length)} ${list.length === 1 ? many.slice(0, -1) : many}`} aside={<span className="h-muted">{got.isFetching && !got.isFetchingNextPage ? "Reading …" : q || within ? "figures of the events that match" : "the last active first"}</span>}>
              <DataTable rows={list} label={many} keyOf={(g) => g.id} first={{ key: "end", down: true }} columns={[head, ...columns]} />
              {got.hasNextPage && <Button size="compact-sm" variant="default" mt="sm" loading={got.isFetchingNextPage} onClick={() => void got.fetchNextPage()}>Show more</Button>}
            </Panel>
          );
        }}
      </Await>
    </>
  );
}
