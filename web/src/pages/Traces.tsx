import { Page } from "../parts/Page";

export default function Traces() {
  return <Page title="Traces">{null}</Page>;
}
