import { useQuery } from "@tanstack/react-query";

import { plain } from "../api/client";
import { Page, Panel } from "../parts/Page";
import { Failed, Loading } from "../parts/states";
import { href } from "../state/fragment";
import { Link } from "wouter";

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
    </Page>
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
