import { Page } from "../parts/Page";

export default function Incident() {
  return <Page title="Incident">{null}</Page>;
}
