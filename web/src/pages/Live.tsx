import { Page } from "../parts/Page";

export default function Live() {
  return <Page title="Live">{null}</Page>;
}
