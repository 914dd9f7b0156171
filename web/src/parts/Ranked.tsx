import { Link } from "wouter";

import { Inert } from "../text/Inert";
import { count } from "./figures";

export interface RankedItem {
  name: string;
  n: number;
  href: string;
  label?: string; // instead of the count
  bad?: boolean;
}

/** Ranked is a list with bars: the longest is the first. Each item opens what it counts. */
export function Ranked({ items, empty }: { items: RankedItem[]; empty: string }) {
  if (items.length === 0) return <p className="h-muted" style={{ margin: 0 }}>{empty}</p>;
  const most = Math.max(...items.map((i) => i.n), 1);
  return (
    <ol className="h-rank">
      {items.map((i) => (
        <li key={i.name}>
          <Link href={i.href}>
            <span style={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}>
              <Inert text={i.name} />
            </span>
            <span className="h-num">{i.label ?? count(i.n)}</span>
            <span className="h-rank-bar" aria-hidden="true">
              <i className={i.bad ? "h-bad" : ""} style={{ width: `${(100 * i.n) / most}%` }} />
            </span>
          </Link>
        </li>
      ))}
    </ol>
  );
}
