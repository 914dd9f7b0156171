import { Page } from "../parts/Page";
import { Nothing } from "../parts/states";

export default function Missing() {
  return (
    <Page title="No such page">
      <Nothing title="There is no page at this address">The navigation names all pages; Ctrl-K finds them by name.</Nothing>
    </Page>
  );
}
