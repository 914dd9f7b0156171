import { Page } from "../parts/Page";

export default function Cost() {
  return <Page title="Cost">{null}</Page>;
}
