import { Page } from "../parts/Page";

export default function Tools() {
  return <Page title="Tools">{null}</Page>;
}
