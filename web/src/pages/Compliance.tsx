import { Page } from "../parts/Page";

export default function Compliance() {
  return <Page title="Compliance">{null}</Page>;
}
