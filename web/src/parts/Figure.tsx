import { Children, type CSSProperties, type ReactNode } from "react";
import { Link } from "wouter";

/** Figure is a number with its name. It opens what it counts. change says how it differs from before. */
export function Figure({ name, value, href, change, tone, note }: { name: string; value: ReactNode; href?: string; change?: string; tone?: "better" | "worse"; note?: ReactNode }) {
  const inner = (
    <>
      <span className="h-figure-name">{name}</span>
      <div className="h-figure-value">{value}</div>
      <div className="h-figure-before">
        {change && <span className={tone ? `h-${tone}` : ""}>{change}</span>}
        {change && note && " · "}
        {note}
        {!change && !note && "\u00a0"}
      </div>
    </>
  );
  return href ? (
    <Link href={href} className="h-panel h-figure">
      {inner}
    </Link>
  ) : (
    <div className="h-panel h-figure">{inner}</div>
  );
}

/** most is how many figures stand in a row of a wide page. */
const most = 6;

/** Figures are some figures in rows as even as their number allows: nine stand as five and four, and no row has a hole. */
export function Figures({ children }: { children: ReactNode }) {
  const n = Children.toArray(children).length;
  const columns = Math.ceil(n / Math.max(1, Math.ceil(n / most)));
  return <div className="h-figures" style={{ "--columns": columns } as CSSProperties}>{children}</div>;
}
