import { Page } from "../parts/Page";

export default function Integrity() {
  return <Page title="Integrity">{null}</Page>;
}
