import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";

import { kindOf, type Entry } from "../api/entry";
import { zoneName } from "../api/reports";
import { events, facets, histogram, type Facet, type Question } from "../api/search";
import { EntryDrawer } from "../parts/EntryPanel";
import { compact, count } from "../parts/figures";
import { Histogram } from "../parts/Histogram";
import { Page } from "../parts/Page";
import { useRecord } from "../parts/record";
import { Failed, FirstEvent, Loading, Nothing } from "../parts/states";
import { chosen, rowClass, usual } from "../rows/columns";
import { Rows } from "../rows/Rows";
import { added, has, removed, terms, toggled } from "../search/edit";
import { PageStore, pageSize } from "../search/pages";
import { SearchBar } from "../search/SearchBar";
import { useFragment } from "../state/fragment";
import { usePeriod } from "../state/period";
import { useSettings } from "../state/settings";
import { Inert } from "../text/Inert";
import { Actions, Brought } from "./search/Actions";

export default function Search() {
  const f = useFragment();
  const [period, setPeriod] = usePeriod();
  const settings = useSettings();
  const q = f.get("q");
  const order = f.get("order") === "oldest" ? ("oldest" as const) : ("newest" as const);
  const value = f.get("value");
  const question = useMemo(() => ({ q, period, value }), [q, period, value]);
  const chart = useQuery({ queryKey: ["histogram", q, period, settings.zone, value], queryFn: ({ signal }) => histogram(question, 90, zoneName(settings.zone), signal) });
  const record = useRecord();
  const columnKeys = f.get("columns") ? f.get("columns").split(",") : settings.columns.length ? settings.columns : usual;
  const search = (text: string) => f.set({ q: text, event: null });
  if (record.empty) return <Page title="Search"><FirstEvent /></Page>;
  return (
    <Page title="Search" note={chart.data && `${count(chart.data.total_events)} events`} actions={<Actions question={question} columns={columnKeys} />}>
      <Brought />
      <div style={{ display: "flex", gap: "0.5rem", marginBottom: "0.6rem" }}>
        <SearchBar q={q} onSearch={search} />
        <Button variant="default" style={{ flex: "none" }} onClick={() => f.set({ order: order === "newest" ? "oldest" : null })}>
          {order === "newest" ? "Newest first" : "Oldest first"}
        </Button>
      </div>
      {value && (
        <p className="h-note" style={{ margin: "0 0 0.6rem" }}>
          Only events that hold the pseudonym of <strong><Inert text={value} /></strong>, in any field or text.{" "}
          <button type="button" className="h-link" onClick={() => f.set({ value: null, event: null })}>All events</button>
        </p>
      )}
      <div className="h-search-page">
        <div className="h-search-found">
          <div className="h-panel" style={{ marginBottom: "0.6rem", padding: "0.6rem 0.8rem" }}>
            {chart.error ? <Failed error={chart.error} again={() => void chart.refetch()} /> : chart.data ? (
              <Histogram data={chart.data} label="Events of this search over time" choose={(since, until) => setPeriod({ since, until })} />
            ) : <Loading what="Counting" />}
          </div>
          <Table question={question} order={order} columns={columnKeys} all={chart.data?.total_events} />
        </div>
        <Facets question={question} search={search} />
      </div>
    </Page>
  );
}

function Table({ question, order, columns: keys, all }: { question: Question; order: "newest" | "oldest"; columns: string[]; all?: number }) {
  const f = useFragment();
  const [known, setKnown] = useState<Entry>();
  const store = useMemo(() => new PageStore((cursor, signal) => events(question, { limit: pageSize, cursor, order }, signal)), [question, order]);
  useSyncExternalStore(store.subscribe, store.snapshot);
  useEffect(() => {
    store.want(0, 0);
    return () => store.close();
  }, [store]);
  const onRange = useCallback((first: number, last: number) => store.want(first, last), [store]);
  const { total, complete } = store.loaded;
  const personal = personIn(question.q);
  const columns = useMemo(() => chosen(keys), [keys.join(",")]);
  const event = f.get("event");
  const step = (by: 1 | -1) => {
    for (let i = 0; i < total; i++) {
      if (store.row(i)?.event_id !== event) continue;
      const to = store.row(i + by);
      if (to) {
        setKnown(to);
        f.set({ event: to.event_id }, "replace");
      }
      return;
    }
  };
  if (store.error) return <Failed error={store.error} again={() => { store.again(); store.want(0, 0); }} />;
  if (total === 0 && !complete) return <Loading what="Searching" />;
  return (
    <>
      {total === 0 ? (
        <Nothing title="No event matches">
          {personal && !question.value ? (
            <>Persons are on record by pseudonyms, which free text does not find. <button type="button" className="h-link" onClick={() => f.set({ q: removed(question.q, personal[0]), value: personal[1] })}>Look for {personal[1]} as a person's value, wherever it stands</button></>
          ) : <>Widen the period, take a term away, or <kbd>Esc</kbd> out of the suggestions to see what is wrong.</>}
        </Nothing>
      ) : (
        <Rows columns={columns} total={total} row={(i) => store.row(i)} classOf={rowClass} selected={event} onRange={onRange} onSelect={(id, e) => { setKnown(e); f.set({ event: id }); }} label="Events that match" height="max(320px, calc(100dvh - 395px))" />
      )}
      <p className="h-muted" style={{ fontSize: "0.82rem", margin: "0.4rem 0" }}>
        {complete ? `all ${count(total)} rows` : `${count(total - 1)} rows read${all !== undefined ? ` of ${count(all)}` : ""}; scroll for more`}
        {" · "}<kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> opens
      </p>
      <EntryDrawer id={event} entry={known?.event_id === event ? known : undefined} close={() => f.set({ event: null })} next={step} />
    </>
  );
}

/** personIn finds an address among the terms of a search that are free text: the term, and the address in it. */
function personIn(q: string): [term: string, value: string] | undefined {
  for (const t of terms(q)) {
    const m = /^"?([^\s"@:()]+@[^\s"@:()]+\.\w+)"?$/.exec(t);
    if (m) return [t, m[1]!];
  }
  return undefined;
}

/** Facets are values of fields in the result. They edit the same search as the bar. */
function Facets({ question, search }: { question: Question; search: (q: string) => void }) {
  const got = useQuery({ queryKey: ["facets", question], queryFn: ({ signal }) => facets(question, undefined, 8, signal), placeholderData: (old) => old });
  const { q } = question;
  return (
    <nav aria-label="Narrow the search" className="h-panel h-facets">
      {got.error ? <Failed error={got.error} /> : null}
      {got.isPending && <Loading />}
      {got.data?.facets.filter((x) => x.values.length > 0).map((facet) => (
        <FacetList key={facet.field} facet={facet} q={q} search={search} />
      ))}
    </nav>
  );
}

function FacetList({ facet, q, search }: { facet: Facet; q: string; search: (q: string) => void }) {
  return (
    <details open className="h-facet">
      <summary>{facet.field.replace(/_/g, " ")}</summary>
      <ul>
        {facet.values.map((v) => {
          const on = has(q, v.search);
          const off = has(q, "-" + v.search);
          return (
            <li key={v.value}>
              <button type="button" className="h-facet-value" aria-pressed={on} onClick={() => search(toggled(q, v.search))} title={`Only ${v.search}`}>
                <span><Inert text={facet.field === "event_type" ? kindOf(v.value) : v.value} /></span>
                <span className="h-num">{compact(v.count)}</span>
              </button>
              <button type="button" className="h-facet-not" aria-pressed={off} aria-label={`Without ${v.value}`} onClick={() => search(off ? removed(q, "-" + v.search) : added(q, "-" + v.search))}>
                ≠
              </button>
            </li>
          );
        })}
      </ul>
      {facet.distinct > facet.values.length && <div className="h-muted" style={{ fontSize: "0.78rem" }}>of {count(facet.distinct)} values</div>}
    </details>
  );
}
