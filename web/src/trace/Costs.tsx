import { compact, count, dollars } from "../parts/figures";
import { Panel } from "../parts/Page";
import { Failed, Loading } from "../parts/states";
import { Inert } from "../text/Inert";
import { duration } from "../time/format";
import type { ViewProps } from "./model";
import { useGraph } from "./timeline";

/** mostBranches and mostAgents are how many are listed. */
const mostBranches = 25;
const mostAgents = 50;

/** Costs says what the trace cost: by class of token, by agent, and which branches cost the most. */
export function Costs({ model: m, select }: ViewProps) {
  const t = m.timeline;
  const agents = useGraph(t.trace_id, "agents");
  const list = (agents.data?.nodes ?? []).filter((n) => n.type === "agent").sort((a, b) => (b.cost_usd ?? -1) - (a.cost_usd ?? -1));
  const most = Math.max(...list.map((n) => n.cost_usd ?? 0), 1e-12);
  // Where an agent took over from another: what is below it cost no less than that.
  const branches = m.lines.map((_, i) => i).filter((i) => (m.lines[i]!.branch?.cost_usd ?? null) !== null && (m.parent[i]! < 0 || m.lane[m.parent[i]!] !== m.lane[i]))
    .sort((a, b) => m.lines[b]!.branch!.cost_usd! - m.lines[a]!.branch!.cost_usd!).slice(0, mostBranches);
  const classes: [string, number | null][] = [["Input, not cached", t.input_tokens], ["Read from cache", t.cache_read_tokens], ["Written to cache", t.cache_write_tokens], ["Output", t.output_tokens], ["of which reasoning", t.reasoning_tokens], ["All", t.token_count]];
  return (
    <div className="h-grid" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(min(100%, 25rem), 1fr))" }}>
      <Panel title="Tokens and money" aside={<strong>{dollars(t.cost_usd)}</strong>}>
        <table className="h-table">
          <tbody>
            {classes.filter(([name, n]) => n !== null || name === "All").map(([name, n]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="h-num">{count(n)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {t.unpriced_calls > 0 && <p className="h-muted">{count(t.unpriced_calls)} calls have no price: the sum is of the others.</p>}
      </Panel>
      <Panel title="By agent" aside={list.length > mostAgents && <span className="h-muted">{count(mostAgents)} of {count(list.length)}, those that cost the most</span>}>
        {agents.error ? <Failed error={agents.error} /> : agents.isPending ? <Loading /> : (
          <table className="h-table">
            <thead><tr>{["Agent", "Events", "Tokens", "Cost", ""].map((h, k) => <th key={k} scope="col" className={k > 0 && k < 4 ? "h-num" : ""}>{h || <span className="h-visually-hidden">Share</span>}</th>)}</tr></thead>
            <tbody>
              {list.slice(0, mostAgents).map((n) => (
                <tr key={n.id}>
                  <td><Inert text={n.label} /></td>
                  <td className="h-num">{count(n.events)}</td>
                  <td className="h-num">{n.token_count === null || n.token_count === undefined ? "" : compact(n.token_count)}</td>
                  <td className="h-num">{n.token_count ? dollars(n.cost_usd) : ""}</td>
                  <td style={{ width: "30%" }}><div className="h-rank-bar"><i style={{ width: `${(100 * (n.cost_usd ?? 0)) / most}%` }} /></div></td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Panel>
      <Panel title="Work that cost the most" aside={<span className="h-muted">where an agent took over</span>}>
        {branches.length === 0 ? <p className="h-muted">No work has a price.</p> : (
          <table className="h-table">
            <thead><tr><th scope="col">Event</th><th scope="col" className="h-num">Took</th><th scope="col" className="h-num">Cost</th></tr></thead>
            <tbody>
              {branches.map((i) => (
                <tr key={i}>
                  <td><button type="button" className="h-link" onClick={() => select(i)}><Inert text={`${m.lines[i]!.agent}: ${m.lines[i]!.details.slice(0, 80)}`} /></button></td>
                  <td className="h-num">{duration(m.lines[i]!.branch!.duration_ms)}</td>
                  <td className="h-num">{dollars(m.lines[i]!.branch!.cost_usd)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Panel>
    </div>
  );
}
