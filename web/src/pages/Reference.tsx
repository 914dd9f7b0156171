import { Page } from "../parts/Page";

export default function Reference() {
  return <Page title="Reference">{null}</Page>;
}
