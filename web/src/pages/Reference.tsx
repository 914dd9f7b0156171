import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { plain } from "../api/client";
import { Await } from "../parts/Await";
import { Page, Panel } from "../parts/Page";
import { Snippet } from "../parts/states";

interface Schema {
  type?: string | string[];
  $ref?: string;
  description?: string;
  enum?: unknown[];
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  minimum?: number;
  maximum?: number;
}

interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Schema }[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
  responses?: Record<string, { description?: string; content?: Record<string, { schema?: Schema }> }>;
}

interface Document {
  info: { version: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

/** Reference shows the API from its own OpenAPI document, with nothing from elsewhere. */
export default function Reference() {
  const got = useQuery({ queryKey: ["openapi"], queryFn: ({ signal }) => plain<Document>("GET", "/openapi.json", undefined, signal), staleTime: Infinity });
  const [find, setFind] = useState("");
  return (
    <Page title="API" note={<a href="/openapi.json">openapi.json</a>} actions={<TextInput size="xs" aria-label="Find a route" placeholder="Find a route" value={find} onChange={(e) => setFind(e.currentTarget.value)} />}>
      <Await query={got} what="API document">{(doc) => <Routes doc={doc} find={find.trim().toLowerCase()} />}</Await>
    </Page>
  );
}

const methods = ["get", "post", "put", "patch", "delete"];

function Routes({ doc, find }: { doc: Document; find: string }) {
  const all = Object.entries(doc.paths).flatMap(([path, ops]) => methods.filter((m) => ops[m]).map((m) => ({ path, method: m, op: ops[m]! })));
  const some = all.filter((x) => find === "" || `${x.method} ${x.path} ${x.op.summary ?? ""}`.toLowerCase().includes(find));
  const tags = [...new Set(some.map((x) => x.op.tags?.[0] ?? "other"))];
  if (some.length === 0) return <p className="h-muted">No route has this in its path or summary.</p>;
  return (
    <div className="h-grid">
      {tags.map((tag) => (
        <Panel key={tag} title={tag}>
          {some.filter((x) => (x.op.tags?.[0] ?? "other") === tag).map((x) => (
            <details key={x.method + x.path} className="h-route">
              <summary>
                <span className={`h-mark h-method`}>{x.method.toUpperCase()}</span> <span className="h-mono">{x.path}</span> <span className="h-muted">{x.op.summary}</span>
              </summary>
              <Route doc={doc} {...x} />
            </details>
          ))}
        </Panel>
      ))}
    </div>
  );
}

function Route({ doc, path, method, op }: { doc: Document; path: string; method: string; op: Operation }) {
  const body = op.requestBody?.content;
  const kind = body && (body["application/json"] ? "application/json" : Object.keys(body)[0]);
  const query = (op.parameters ?? []).filter((p) => p.in === "query" && p.required).map((p) => `${p.name}=…`).join("&");
  const curl = `curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}${kind === "application/json" ? "--json '{}' " : ""}'${location.origin}${path}${query ? "?" + query : ""}'`;
  return (
    <div style={{ padding: "0.3rem 0 0.8rem 0.6rem", display: "grid", gap: "0.5rem" }}>
      {op.description && <p style={{ margin: 0 }}>{op.description}</p>}
      <Snippet text={curl} />
      {(op.parameters ?? []).length > 0 && (
        <Fields title="Parameters" rows={op.parameters!.map((p) => ({ name: p.name, where: p.in, schema: p.schema ?? {}, required: !!p.required, description: p.description ?? p.schema?.description }))} doc={doc} />
      )}
      {kind && <Shape title={`Body (${kind})`} schema={body![kind]!.schema} doc={doc} />}
      {Object.entries(op.responses ?? {}).filter(([status]) => /^2/.test(status)).map(([status, r]) => {
        const type = Object.keys(r.content ?? {})[0];
        return <Shape key={status} title={`Answer ${status}${r.description ? `: ${r.description}` : ""}${type ? ` (${Object.keys(r.content!).join(", ")})` : ""}`} schema={type ? r.content![type]!.schema : undefined} doc={doc} />;
      })}
    </div>
  );
}

const resolved = (s: Schema | undefined, doc: Document): Schema => (s?.$ref ? (doc.components?.schemas?.[s.$ref.split("/").pop()!] ?? {}) : (s ?? {}));

function nameOf(s: Schema | undefined): string {
  if (!s) return "any";
  if (s.$ref) return s.$ref.split("/").pop()!;
  if (s.items) return `list of ${nameOf(s.items)}`;
  const type = Array.isArray(s.type) ? s.type.join(" or ") : (s.type ?? "any");
  return s.format && !/^u?int/.test(s.format) ? `${type} (${s.format})` : type;
}

function Shape({ title, schema, doc }: { title: string; schema: Schema | undefined; doc: Document }) {
  const s = resolved(schema, doc);
  const rows = Object.entries(s.properties ?? {}).map(([name, p]) => ({ name, where: "", schema: p, required: s.required?.includes(name) ?? false, description: p.description }));
  return rows.length ? <Fields title={title} rows={rows} doc={doc} /> : <div className="h-muted">{title}{schema ? `: ${nameOf(schema)}` : ""}</div>;
}

function Fields({ title, rows, doc }: { title: string; rows: { name: string; where: string; schema: Schema; required: boolean; description?: string }[]; doc: Document }) {
  return (
    <div className="h-scroll" tabIndex={0} role="group" aria-label={title}>
      <table className="h-table">
        <caption className="h-muted" style={{ textAlign: "left" }}>{title}</caption>
        <tbody>
          {rows.map((r) => (
            <tr key={r.where + r.name}>
              <th scope="row" className="h-mono">{r.name}{r.required && <span title="required"> *</span>}</th>
              <td className="h-muted">{[r.where, nameOf(r.schema)].filter(Boolean).join(", ")}</td>
              <td>{r.description ?? resolved(r.schema, doc).description}{(r.schema.enum ?? r.schema.items?.enum) && <div className="h-muted">{(r.schema.enum ?? r.schema.items?.enum)!.map(String).join(", ")}</div>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
