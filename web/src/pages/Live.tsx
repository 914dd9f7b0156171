import { Button, Switch } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useCallback, useEffect, useRef, useState } from "react";

import { weightOf, type Entry } from "../api/entry";
import { events } from "../api/search";
import { Live as Stream, type Counters, type LiveState } from "../api/live";
import { EntryDrawer } from "../parts/EntryPanel";
import { compact, count, rate } from "../parts/figures";
import { Page } from "../parts/Page";
import { FirstEvent, Nothing } from "../parts/states";
import { useRecord } from "../parts/record";
import { chosen, rowClass } from "../rows/columns";
import { Rows, type RowsHandle } from "../rows/Rows";
import { SearchBar } from "../search/SearchBar";
import { useFragment } from "../state/fragment";
import { typing } from "../app/Shortcuts";
import { arrived, begun, emptyFeed, released, type Feed } from "./live/feed";

const columns = chosen(["clock", "agent_name", "event_type", "details", "duration_ms", "status"]);

export default function Live() {
  const f = useFragment();
  const q = f.get("q");
  const [feed, setFeed] = useState<Feed>(emptyFeed);
  const [counters, setCounters] = useState<Counters>();
  const [state, setState] = useState<[LiveState, string?]>(["connecting"]);
  const [paused, setPaused] = useState(false);
  const [only, setOnly] = useState(false); // what stands out alone
  const [open, setOpen] = useState<Entry>();
  const [away, setAway] = useState(false); // scrolled away from the top
  const [walked, setWalked] = useState(false); // keys are in the rows
  const rows = useRef<RowsHandle>(null);
  const record = useRecord();
  const held = paused || away || walked || open !== undefined;
  const heldNow = useRef(held);
  heldNow.current = held;

  useEffect(() => {
    setFeed(emptyFeed);
    setCounters(undefined);
    const gone = new AbortController();
    const stream = new Stream(q, {
      onEvents: (events) => setFeed((now) => arrived(now, events, heldNow.current)),
      onCounters: setCounters,
      onState: (st, why) => setState([st, why]),
      // The page begins with the last that happened before the stream began.
      onConnected: (position) => {
        const recent = `${q ? `(${q}) ` : ""}received_at:>${new Date(Date.now() - 3_600_000).toISOString()}`;
        events({ q: recent, period: { since: "all", until: "" } }, { limit: 200 }, gone.signal).then(
          (page) => setFeed((now) => begun(now, page.events.filter((e) => e.position <= position))),
          () => undefined, // the stream goes on without
        );
      },
    });
    return () => {
      gone.abort();
      stream.close();
    };
  }, [q]);
  const follow = useCallback(() => {
    setPaused(false);
    setOpen(undefined);
    rows.current?.toTop();
    setAway(false);
    setFeed(released);
  }, []);
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (e.key !== "p" || typing(e) || e.ctrlKey || e.metaKey || e.altKey) return;
      if (heldNow.current) follow();
      else setPaused(true);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [follow]);
  if (record.empty) return <Page title="Live"><FirstEvent /></Page>;
  const list = only ? feed.rows.filter((e) => weightOf(e) !== "") : feed.rows;
  return (
    <Page title="Live" note={<Status state={state} counters={counters} />}>
      <div style={{ display: "flex", flexWrap: "wrap", gap: "0.6rem", marginBottom: "0.6rem", alignItems: "center" }}>
        <SearchBar q={q} onSearch={(text) => f.set({ q: text })} placeholder="Filter, such as agent:billing" />
        <Switch label="Only what stands out" checked={only} onChange={(e) => setOnly(e.currentTarget.checked)} />
        <Button variant={held ? "filled" : "default"} leftSection={held ? <IconPlayerPlay size={16} /> : <IconPlayerPause size={16} />} onClick={() => (held ? follow() : setPaused(true))}>
          {held ? "Follow" : "Pause"}
        </Button>
      </div>
      <div style={{ position: "relative" }} onFocus={(e) => setWalked(e.target.matches("[role=row]:focus-visible"))} onBlur={() => setWalked(false)}>
        {feed.fresh > 0 && (
          <Button size="compact-sm" radius="xl" onClick={follow} style={{ position: "absolute", zIndex: 5, top: 38, left: "50%", transform: "translateX(-50%)" }}>
            {count(feed.fresh)} new
          </Button>
        )}
        {list.length === 0 && <Waiting q={q} state={state[0]} />}
        {list.length > 0 && (
          <Rows ref={rows} columns={columns} total={list.length} row={(i) => list[i]} classOf={rowClass} selected={open?.event_id ?? ""} onSelect={(_, e) => setOpen(e)} onScroll={(top) => setAway(top > 8)} label="Events as they are committed, newest first" height="calc(100dvh - 205px)" />
        )}
      </div>
      <p className="h-muted" style={{ fontSize: "0.82rem" }} aria-live="off">
        {count(feed.seen)} events came{feed.gone > 0 && `; the oldest ${count(feed.gone)} are no longer on this page, and in the record`}
        {held && " · held: rows do not move"}
      </p>
      <EntryDrawer id={open?.event_id ?? ""} entry={open} close={() => setOpen(undefined)} next={(step) => setOpen((now) => list[list.findIndex((e) => e.event_id === now?.event_id) + step] ?? now)} />
    </Page>
  );
}

function Status({ state: [state, why], counters: c }: { state: [LiveState, string?]; counters?: Counters }) {
  const words: Record<LiveState, string> = { connecting: "connecting …", open: "connected", lost: "connecting again", refused: "refused; trying again" };
  return (
    <span>
      <span className={`h-mark ${state === "open" ? "h-mark-ok" : "h-mark-warn"}`} role="note">
        {words[state]}
      </span>{" "}
      {why && <span>{why}</span>}
      {c && (
        <span>
          {rate(c.per_second)} · {rate(c.errors_per_second)} errors · {compact(c.events)} since the page was opened
        </span>
      )}
    </span>
  );
}

function Waiting({ q, state }: { q: string; state: LiveState }) {
  if (state === "refused") return <Nothing title="The server refused the stream">The filter may be wrong. What the server says of it stands above.</Nothing>;
  return <Nothing title="No event yet">{q ? "Nothing that is committed now matches the filter." : "Rows appear as events are committed."}</Nothing>;
}
