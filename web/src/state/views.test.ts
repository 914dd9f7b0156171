import { describe, expect, it } from "vitest";

import { merged, packed, unpacked } from "./views";

const views = [{ name: "Fehler – größer", fragment: "q=status%3Aerror&since=7d" }, { name: "b", fragment: "q=agent%3A%22x+y%22" }];

describe("views in a link", () => {
  it("come back as they were", () => {
    expect(unpacked(packed(views))).toEqual(views);
    expect(packed(views)).toMatch(/^[\w-]+$/);
  });
  it("that are no views are none", () => {
    for (const text of ["", "%%%", "AAAA", packed(views).slice(0, 9), btoa("[1]"), btoa('[["",""]]'), btoa('{"a":1}')]) expect(unpacked(text)).toEqual([]);
  });
  it("overwrite nothing", () => {
    expect(merged(views, [{ name: "b", fragment: "q=other" }, { name: "c", fragment: views[1]!.fragment }])).toEqual([...views, { name: "b (2)", fragment: "q=other" }]);
  });
});
