import { Button } from "@mantine/core";
import { useEffect, type ReactNode } from "react";
import { Link } from "wouter";

/** Page is a page's heading and what is below it. */
export function Page({ title, note, actions, children }: { title: string; note?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Hansard`;
  }, [title]);
  return (
    <>
      <div style={{ display: "flex", flexWrap: "wrap", gap: "0.5rem 1rem", alignItems: "baseline", marginBottom: "0.8rem" }}>
        <h1 style={{ fontSize: "1.35rem", margin: 0 }}>{title}</h1>
        {note && <div className="h-muted" style={{ fontSize: "0.9rem" }}>{note}</div>}
        <div style={{ marginLeft: "auto", display: "flex", flexWrap: "wrap", gap: "0.5rem" }}>{actions}</div>
      </div>
      {children}
    </>
  );
}

/** Panel is a surface with a heading. */
export function Panel({ title, aside, children, id }: { title?: ReactNode; aside?: ReactNode; children: ReactNode; id?: string }) {
  return (
    <section className="h-panel" id={id}>
      {(title || aside) && (
        <div className="h-panel-head">
          <h2>{title}</h2>
          <div>{aside}</div>
        </div>
      )}
      {children}
    </section>
  );
}

/** Go is a link among a page's actions. */
export function Go({ to, children }: { to: string; children: ReactNode }) {
  return <Button component={Link} href={to} size="compact-sm" variant="default">{children}</Button>;
}
