import { Page } from "../parts/Page";

export default function Reports() {
  return <Page title="Reports">{null}</Page>;
}
