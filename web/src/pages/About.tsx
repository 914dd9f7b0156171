import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { plain, Problem } from "../api/client";
import { Await } from "../parts/Await";
import { DataTable } from "../parts/DataTable";
import { Page, Panel } from "../parts/Page";
import { Failed, Loading } from "../parts/states";
import { href } from "../state/fragment";
import { Inert } from "../text/Inert";

export default function About() {
  const v = useQuery({ queryKey: ["version"], queryFn: ({ signal }) => plain<{ version: string; name: string }>("GET", "/v1/version", undefined, signal) });
  const s = useQuery({ queryKey: ["session"], queryFn: ({ signal }) => plain<{ token_id: string; tenant: string; role: string }>("GET", "/v1/session", undefined, signal) });
  return (
    <Page title="About">
      {v.error ? <Failed error={v.error} again={() => void v.refetch()} /> : null}
      {v.isPending && <Loading />}
      {v.data && (
        <Panel title="This server">
          <table className="h-table">
            <tbody>
              <Row name="Version">{v.data.version}</Row>
              <Row name="Name">
                {v.data.name}
                <div className="h-muted">each log's origin begins with it</div>
              </Row>
              <Row name="Tenant">{s.data?.tenant ?? ""}</Row>
              <Row name="You are">{s.data ? `${s.data.token_id} (${s.data.role})` : ""}</Row>
              <Row name="API">
                <Link href={href("/reference")}>reference</Link>, <a href="/openapi.json">openapi.json</a>
              </Row>
            </tbody>
          </table>
        </Panel>
      )}
      <div style={{ height: "0.8rem" }} />
      <Configuration />
    </Page>
  );
}

interface Setting {
  name: string;
  value: string;
  from: string;
}

/** Configuration is by what settings the server runs. It is for admins. */
function Configuration() {
  const got = useQuery({ queryKey: ["configuration"], queryFn: ({ signal }) => plain<{ sections: { name: string; settings: Setting[] }[] }>("GET", "/v1/configuration", undefined, signal), retry: false });
  if (got.error instanceof Problem && got.error.status === 403) return <Panel title="Configuration in force"><p className="h-muted" style={{ margin: 0 }}>An admin's token sees it: it is of all tenants.</p></Panel>;
  return (
    <Await query={got} what="configuration in force">
      {(c) => (
        <Panel title="Configuration in force" aside={<span className="h-muted">no secrets; docs/CONFIGURATION.md says what each does</span>}>
          <DataTable
            rows={c.sections.flatMap((s) => s.settings.map((x) => ({ section: s.name, ...x })))} label="Configuration in force" keyOf={(s) => `${s.section} ${s.name}`}
            columns={[
              { key: "section", name: "Part", value: (s) => s.section, cell: (s) => <span className="h-muted">{s.section}</span> },
              { key: "name", name: "Setting", value: (s) => s.name, cell: (s) => <span className="h-mono">{s.name}</span> },
              { key: "value", name: "Value", value: (s) => s.value, cell: (s) => <Inert text={s.value} /> },
              { key: "from", name: "From", value: (s) => s.from, cell: (s) => (s.from === "default" ? <span className="h-muted">default</span> : <span className="h-mark">{s.from}</span>) },
            ]}
          />
        </Panel>
      )}
    </Await>
  );
}

function Row({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{children}</td>
    </tr>
  );
}
