import { Page } from "../parts/Page";

export default function Errors() {
  return <Page title="Errors">{null}</Page>;
}
