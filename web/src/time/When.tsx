import { useSettings } from "../state/settings";
import { ago, clock, offset, stamp } from "./format";

/**
 * When shows an instant in the reader's zone, with UTC and how long ago at hand.
 * brief leaves the date out.
 */
export function When({ at, brief = false }: { at: string | Date | undefined | null; brief?: boolean }) {
  const { zone } = useSettings();
  if (!at) return <span className="h-muted">unknown</span>;
  const t = typeof at === "string" ? new Date(at) : at;
  if (Number.isNaN(t.getTime())) return <span className="h-muted">unknown</span>;
  const title = `${stamp(t, "utc")} UTC, ${ago(t, new Date())}`;
  return (
    <time dateTime={t.toISOString()} title={title} style={{ position: "relative", fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
      {brief ? clock(t, zone) : `${stamp(t, zone)}`}
      {!brief && zone === "local" && <span className="h-visually-hidden"> {offset(t, zone)}</span>}
    </time>
  );
}
