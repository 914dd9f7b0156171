import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";

import { complete } from "../api/search";
import { compact } from "../parts/figures";
import { Inert } from "../text/Inert";
import { useLater } from "../state/later";
import { byteAt, inserted, placeAt } from "./edit";

/**
 * SearchBar is where searches are typed: it completes keys and values from the
 * server's vocabulary and record, and shows where a search is wrong. Enter
 * searches; Tab or Enter on a suggestion takes it.
 */
export function SearchBar({ q, onSearch, placeholder = 'Search, such as agent:billing error:* "free text"' }: { q: string; onSearch: (q: string) => void; placeholder?: string }) {
  const [text, setText] = useState(q);
  const [cursor, setCursor] = useState(q.length);
  const [focused, setFocused] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const [hidden, setHidden] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => setText(q), [q]);
  const asked = useLater(`${byteAt(text, cursor)} ${text}`, 120);
  const at = asked.indexOf(" ");
  const got = useQuery({
    queryKey: ["complete", asked],
    queryFn: ({ signal }) => complete(asked.slice(at + 1), Number(asked.slice(0, at)), signal),
    enabled: focused,
    placeholderData: (old) => old,
    staleTime: 30_000,
  });
  const fresh = got.data && !got.isPlaceholderData;
  const items = focused && !hidden && fresh ? got.data!.items : [];
  const problem = fresh && text !== "" ? got.data!.problem : null;
  const take = (i: number) => {
    const c = got.data!;
    const next = inserted(text, c.from, c.to, c.items[i]!.insert);
    setText(next.q);
    setChosen(-1);
    requestAnimationFrame(() => {
      input.current?.setSelectionRange(next.cursor, next.cursor);
      setCursor(next.cursor);
    });
  };
  const search = () => {
    setHidden(true);
    onSearch(text.trim());
  };
  const onKey = (e: React.KeyboardEvent) => {
    if (e.key === "ArrowDown" && items.length) setChosen((chosen + 1) % items.length);
    else if (e.key === "ArrowUp" && items.length) setChosen((chosen - 1 + items.length) % items.length);
    else if ((e.key === "Enter" || e.key === "Tab") && chosen >= 0 && items[chosen]) take(chosen);
    else if (e.key === "Enter") search();
    else if (e.key === "Escape" && items.length) setHidden(true);
    else return;
    e.preventDefault();
  };
  return (
    <div className="h-search" role="search">
      <input
        ref={input}
        data-search-bar
        type="text"
        role="combobox"
        aria-expanded={items.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
        aria-label="Search"
        aria-invalid={!!problem}
        aria-describedby={`${id}-wrong`}
        placeholder={placeholder}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        value={text}
        onChange={(e) => {
          setText(e.currentTarget.value);
          setCursor(e.currentTarget.selectionStart ?? e.currentTarget.value.length);
          setChosen(-1);
          setHidden(false);
        }}
        onSelect={(e) => setCursor(e.currentTarget.selectionStart ?? 0)}
        onKeyDown={onKey}
        onFocus={() => {
          setFocused(true);
          setHidden(q !== "");
        }}
        onBlur={() => setFocused(false)}
      />
      <ul id={`${id}-list`} role="listbox" aria-label="Suggestions" className="h-search-list" tabIndex={-1} hidden={items.length === 0}>
        {items.map((item, i) => (
          <li key={item.insert} id={`${id}-${i}`} role="option" aria-selected={i === chosen} onPointerDown={(e) => e.preventDefault()} onClick={() => take(i)}>
            <span className="h-mono">
              <Inert text={item.text} />
            </span>
            <span className="h-muted">
              {item.description && <Inert text={item.description} />}
              {item.count !== undefined && ` ${compact(item.count)}`}
            </span>
          </li>
        ))}
      </ul>
      <div id={`${id}-wrong`} className="h-search-wrong" hidden={!problem || items.length > 0}>
        {problem && (
          <>
            At character {placeAt(text, problem.position) + 1}: {problem.problem}
            {problem.expected && `; expected ${problem.expected}`}
          </>
        )}
      </div>
    </div>
  );
}
