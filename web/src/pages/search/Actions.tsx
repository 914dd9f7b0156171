import { ActionIcon, Alert, Button, Checkbox, CopyButton, Menu, Popover, TextInput } from "@mantine/core";
import { IconBookmark, IconColumns, IconDownload, IconLink, IconTrash } from "@tabler/icons-react";
import { useState } from "react";

import type { Question } from "../../api/search";
import { columns as allColumns, usual } from "../../rows/columns";
import { changed, useFragment } from "../../state/fragment";
import { changeSettings, useSettings, type SavedView } from "../../state/settings";
import { merged, packed, unpacked } from "../../state/views";
import { Inert } from "../../text/Inert";
import { download, type Format } from "./download";

const formats: { format: Format; name: string }[] = [
  { format: "ndjson", name: "JSON, an event a line" },
  { format: "csv", name: "CSV" },
  { format: "parquet", name: "Parquet" },
];

/** Actions are what can be done with a search: choose columns, keep it, take all of it away. */
export function Actions({ question, columns }: { question: Question; columns: string[] }) {
  return (
    <>
      <Columns columns={columns} />
      <Views />
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" size="compact-sm" leftSection={<IconDownload size={16} />}>Export</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>All events of this search, with their manifest</Menu.Label>
          {formats.map((x) => (
            <Menu.Item key={x.format} onClick={() => void download(question, x.format)}>{x.name}</Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function Columns({ columns }: { columns: string[] }) {
  const f = useFragment();
  const set = (keys: string[]) => {
    changeSettings({ columns: keys });
    f.set({ columns: keys.join(",") === usual.join(",") ? null : keys.join(",") }, "replace");
  };
  return (
    <Popover position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="compact-sm" leftSection={<IconColumns size={16} />}>Columns</Button>
      </Popover.Target>
      <Popover.Dropdown style={{ maxHeight: "60vh", overflow: "auto" }}>
        <div style={{ display: "grid", gap: 4 }}>
          {allColumns.map((c) => (
            <Checkbox key={c.key} size="xs" label={c.name} checked={columns.includes(c.key)} onChange={(e) => set(e.currentTarget.checked ? allColumns.map((x) => x.key).filter((k) => columns.includes(k) || k === c.key) : columns.filter((k) => k !== c.key))} />
          ))}
          <Button size="compact-xs" variant="default" onClick={() => set(usual)}>The usual ones</Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

/** Views are searches with a name, kept in this browser: period, columns and order with them. */
function Views() {
  const f = useFragment();
  const { views } = useSettings();
  const [name, setName] = useState("");
  const here = changed(f.text, { event: null, views: null });
  return (
    <Popover position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="compact-sm" leftSection={<IconBookmark size={16} />}>Views</Button>
      </Popover.Target>
      <Popover.Dropdown style={{ maxWidth: "min(24rem, 94vw)" }}>
        <form
          style={{ display: "flex", gap: 6, marginBottom: 8 }}
          onSubmit={(e) => {
            e.preventDefault();
            if (name.trim()) changeSettings({ views: [...views.filter((v) => v.name !== name.trim()), { name: name.trim(), fragment: here }] });
            setName("");
          }}
        >
          <TextInput size="xs" aria-label="Name of the view" placeholder="Name this view" value={name} onChange={(e) => setName(e.currentTarget.value)} style={{ flex: 1 }} />
          <Button size="xs" type="submit" disabled={name.trim() === ""}>Save</Button>
        </form>
        {views.length === 0 && <div className="h-muted">No views yet. One keeps search, period, columns and order, in this browser.</div>}
        {views.map((v) => (
          <View key={v.name} view={v} remove={() => changeSettings({ views: views.filter((x) => x !== v) })} />
        ))}
        {views.length > 0 && (
          <div style={{ borderTop: "1px solid var(--h-line)", marginTop: 8, paddingTop: 8 }}>
            <CopyButton value={`${location.origin}/search#views=${packed(views)}`}>
              {({ copied, copy }) => (
                <Button size="compact-xs" variant="default" onClick={copy}>{copied ? "Copied" : "Copy a link to all of them"}</Button>
              )}
            </CopyButton>
            <div className="h-muted" style={{ fontSize: "0.78rem", marginTop: 4 }}>Views are kept in this browser. The link brings them to another one, or to a colleague.</div>
          </div>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function View({ view: v, remove }: { view: SavedView; remove: () => void }) {
  return (
    <div style={{ display: "flex", gap: 4, alignItems: "center" }}>
      <Button component="a" href={`/search#${v.fragment}`} size="compact-sm" variant="subtle" style={{ flex: 1, minWidth: 0 }} justify="start"><Inert text={v.name} /></Button>
      <CopyButton value={`${location.origin}/search#${v.fragment}`}>
        {({ copied, copy }) => <ActionIcon variant="subtle" aria-label={copied ? "Copied" : `Copy a link to the view ${v.name}`} onClick={copy}><IconLink size={15} /></ActionIcon>}
      </CopyButton>
      <ActionIcon variant="subtle" aria-label={`Remove the view ${v.name}`} onClick={remove}><IconTrash size={15} /></ActionIcon>
    </div>
  );
}

/** Brought asks whether views that a link brings are to be kept. */
export function Brought() {
  const f = useFragment();
  const { views } = useSettings();
  if (f.get("views") === "") return null;
  const brought = unpacked(f.get("views"));
  const done = (keep: boolean) => {
    if (keep) changeSettings({ views: merged(views, brought) });
    f.set({ views: null }, "replace");
  };
  return (
    <Alert variant="default" mb="sm" title={brought.length === 0 ? "The link was to bring views, and is broken" : `This link brings ${brought.length === 1 ? "a view" : `${brought.length} views`}`}>
      {brought.length > 0 && <p style={{ margin: "0 0 0.5rem" }}>{brought.map((v, i) => <span key={v.name}>{i > 0 && ", "}<Inert text={v.name} /></span>)}. Your own stay as they are.</p>}
      <div style={{ display: "flex", gap: 8 }}>
        {brought.length > 0 && <Button size="compact-sm" onClick={() => done(true)}>Keep {brought.length === 1 ? "it" : "them"}</Button>}
        <Button size="compact-sm" variant="default" onClick={() => done(false)}>{brought.length > 0 ? "No" : "Close"}</Button>
      </div>
    </Alert>
  );
}
