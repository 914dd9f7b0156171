import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { Link } from "wouter";

import { Live, type Counters } from "../api/live";
import { errorSearch } from "../api/words";
import { zoneName } from "../api/reports";
import { facets, histogram, summary, type Facet, type Summary } from "../api/search";
import { Figure, Figures } from "../parts/Figure";
import { against, compact, count, dollars, rate } from "../parts/figures";
import { Histogram } from "../parts/Histogram";
import { Page, Panel } from "../parts/Page";
import { Ranked } from "../parts/Ranked";
import { Failed, FirstEvent, Loading, Nothing } from "../parts/states";
import { saysOf, useRecord, useVerification, type Verification } from "../parts/record";
import { href } from "../state/fragment";
import { before, millisOf, rangeOf, usePeriod, type Period } from "../state/period";
import { useSettings } from "../state/settings";
import { When } from "../time/When";

/**
 * patience is how long figures stay as they are while events come, in milliseconds:
 * longer for a longer period, of which a minute says less. Each look is itself on
 * record, and what is happening now the counters of the live stream say, which is
 * not asked for again and again.
 */
export const patience = (period: Period): number => Math.min(120_000, Math.max(15_000, (millisOf(period.since) ?? 864e5) / 1440));

/** useFresh asks for figures again when events have come and the page is looked at. */
function useFresh(keys: unknown[][], refresh: number): Counters | undefined {
  const client = useQueryClient();
  const [counters, setCounters] = useState<Counters>();
  const latest = useRef({ keys, refresh });
  latest.current = { keys, refresh };
  useEffect(() => {
    let seen = 0;
    let asked = Date.now();
    const stream = new Live("", {
      onCounters: (c) => {
        setCounters(c);
        if (c.events === seen || Date.now() - asked < latest.current.refresh || document.hidden) return;
        seen = c.events;
        asked = Date.now();
        for (const queryKey of latest.current.keys) void client.invalidateQueries({ queryKey });
      },
    }, true);
    return () => stream.close();
  }, [client]);
  return counters;
}

export default function Overview() {
  const [period, setPeriod] = usePeriod();
  const now = useQuery({ queryKey: ["summary", period], queryFn: ({ signal }) => summary(period, signal) });
  const then = useQuery({
    queryKey: ["summary-before", period],
    queryFn: ({ signal }) => summary(before(period, new Date())!, signal),
    enabled: before(period, new Date()) !== undefined,
  });
  const { zone } = useSettings();
  const chart = useQuery({ queryKey: ["histogram", "", period, zone], queryFn: ({ signal }) => histogram({ q: "", period }, 90, zoneName(zone), signal) });
  const top = useQuery({
    queryKey: ["overview-tops", period],
    queryFn: ({ signal }) => facets({ q: "", period }, ["agent_name", "tool_name", "error_type", "model"], 7, signal),
  });
  const counters = useFresh([["summary", period], ["histogram", "", period], ["overview-tops", period]], patience(period));
  // Against a period in which the record has hardly begun, everything has grown.
  const comparable = now.data !== undefined && then.data !== undefined && then.data.total_events > 0 && then.data.total_events * 20 >= now.data.total_events;
  const record = useRecord();
  const verified = useVerification();
  if (record.empty) return <Page title="Overview"><FirstEvent /></Page>;
  return (
    <Page title="Overview" note={now.data?.period.start && <>{counters && counters.per_second > 0 && <>now {rate(counters.per_second)} · </>}since <When at={now.data.period.start} />{then.data && !comparable && `; the period before has ${then.data.total_events === 0 ? "no events" : "too few events to compare with"}`}</>}>
      {now.error ? <Failed error={now.error} again={() => void now.refetch()} /> : null}
      {now.isPending ? <Loading /> : now.data && now.data.total_events === 0 ? <Quiet period={period} setPeriod={setPeriod} /> : null}
      {now.data && now.data.total_events > 0 && (
        <div className="h-grid">
          <Totals now={now.data} then={comparable ? then.data : undefined} period={period} integrity={record.logs} verified={verified.data} />
          <Panel title="Events over time">
            {chart.error ? <Failed error={chart.error} /> : chart.data ? (
              <Histogram data={chart.data} label="Events over time, errors in red" choose={(since, until) => setPeriod({ since, until })} />
            ) : <Loading />}
          </Panel>
          <Tops summary={now.data} facets={top.data?.facets ?? []} failed={top.error} />
        </div>
      )}
    </Page>
  );
}

function Quiet({ period, setPeriod }: { period: Period; setPeriod: (p: Period) => void }) {
  return (
    <Nothing title={`No event in this period (${period.since})`}>
      The record has events at other times:{" "}
      <button type="button" onClick={() => setPeriod({ since: "all", until: "" })}>
        show all of the record
      </button>
    </Nothing>
  );
}

function Totals({ now, then, period, integrity, verified }: { now: Summary; then?: Summary; period: Period; integrity: { size: number; at: number } | undefined; verified?: Verification }) {
  const range = rangeOf(period, new Date());
  const start = range.start ?? (now.period.start ? new Date(now.period.start) : undefined);
  const end = period.until || range.start ? range.end : now.period.end ? new Date(now.period.end) : range.end;
  const seconds = start ? (end.getTime() - start.getTime()) / 1000 : 0;
  const share = (s: Summary) => (s.total_events > 0 ? s.total_errors / s.total_events : undefined);
  const worse = (a: number | null | undefined, b: number | null | undefined) => (a == null || b == null || a === b ? undefined : a > b ? ("worse" as const) : ("better" as const));
  const q = (key: string) => now.searches[key] ?? "";
  return (
    <Figures>
      <Figure name="Events" value={compact(now.total_events)} href={href("/search")} change={against(now.total_events, then?.total_events)} note={seconds > 0 ? rate(now.total_events / seconds) : undefined} />
      <Figure name="Error rate" value={now.error_rate} href={href("/search", { q: errorSearch })} change={then && against(share(now), share(then))} tone={worse(share(now), then && share(then))} note={`${count(now.total_errors)} errors`} />
      <Figure name="Active agents" value={count(now.agents_active)} href={href("/agents")} change={against(now.agents_active, then?.agents_active)} />
      <Figure name="Tool calls" value={compact(now.total_tool_calls)} href={href("/tools")} change={against(now.total_tool_calls, then?.total_tool_calls)} note={`${count(now.tool_call_errors)} erred`} />
      <Figure name="Handoffs" value={count(now.total_handoffs)} href={href("/search", { q: q("total_handoffs") })} change={against(now.total_handoffs, then?.total_handoffs)} />
      <Figure name="Escalations" value={count(now.total_escalations)} href={href("/search", { q: q("total_escalations") })} change={against(now.total_escalations, then?.total_escalations)} tone={worse(now.total_escalations, then?.total_escalations)} />
      <Figure name="Tokens" value={compact(now.tokens.token_count)} href={href("/cost")} change={against(now.tokens.token_count, then?.tokens.token_count)} note={`${compact(now.tokens.input_tokens)} in, ${compact(now.tokens.output_tokens)} out`} />
      <Figure name="Cost" value={dollars(now.cost_usd)} href={href("/cost")} change={against(now.cost_usd, then?.cost_usd)} note={now.unpriced_calls > 0 ? `${count(now.unpriced_calls)} unpriced` : undefined} />
      <Figure name="Integrity" value={integrity ? `${compact(integrity.size)} signed` : "unknown"} href={href("/integrity")} tone={verified?.sound === false ? "worse" : undefined} change={verified && saysOf(verified)} note={integrity ? undefined : "no checkpoint yet"} />
    </Figures>
  );
}

function Tops({ summary: s, facets: f, failed }: { summary: Summary; facets: Facet[]; failed: unknown }) {
  const of = (field: string) => f.find((x) => x.field === field)?.values ?? [];
  const items = useMemo(
    () => ({
      agents: s.top_agents.map(([name, n]) => ({ name, n, href: href("/search", { q: s.searches[`top_agents.${name}`] ?? "" }) })),
      tools: of("tool_name").map((v) => ({ name: v.value, n: v.count, href: href("/search", { q: v.search }), label: v.errors ? `${count(v.count)}, ${count(v.errors)} erred` : undefined })),
      errors: of("error_type").map((v) => ({ name: v.value, n: v.count, href: href("/search", { q: v.search }), bad: true })),
      types: Object.entries(s.by_type).sort((a, b) => b[1] - a[1]).slice(0, 7).map(([name, n]) => ({ name: name.replace(/^agent\./, ""), n, href: href("/search", { q: `event_type:${name}` }) })),
    }),
    [s, f],
  );
  return (
    <div className="h-grid" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(min(16rem, 100%), 1fr))" }}>
      <Panel title="Top agents" aside={<Link href={href("/agents")}>all</Link>}><Ranked items={items.agents} empty="No event names an agent." /></Panel>
      <Panel title="Top tools" aside={<Link href={href("/tools")}>all</Link>}>{failed ? <Failed error={failed} /> : <Ranked items={items.tools} empty="No tool was called." />}</Panel>
      <Panel title="Top errors" aside={<Link href={href("/errors")}>all</Link>}>{failed ? <Failed error={failed} /> : <Ranked items={items.errors} empty="No error has a type." />}</Panel>
      <Panel title="By type"><Ranked items={items.types} empty="No events." /></Panel>
    </div>
  );
}
