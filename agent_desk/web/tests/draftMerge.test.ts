import { describe, expect, it } from "vitest";
import type { Draft } from "../src/api/types";
import { blank, confirmed, isSuggested, lacking, restore, takeDraft, typeInto, unsentOf } from "../src/desk/draftMerge";

function draft(changes: Partial<Draft>): Draft {
  return {
    call_id: "call_1", title: null, description: null, type: null, category: null, place: null, urgency: null,
    phone: null, unit: null, typed: [], because: {}, ticket_id: null, ...changes,
  };
}

describe("a draft written by two hands", () => {
  it("fills what nobody typed and says why", () => {
    const editing = takeDraft(blank(), draft({ title: "路灯不亮", because: { title: ["路灯"] } }));
    expect(editing.values.title).toBe("路灯不亮");
    expect(isSuggested(editing, "title")).toBe(true);
    expect(editing.because.title).toEqual(["路灯"]);
  });

  it("never overwrites what the agent typed, however late or often a suggestion comes", () => {
    let editing = typeInto(takeDraft(blank(), draft({ title: "路灯" })), "title", "六盏路灯不亮");
    editing = confirmed(editing, { title: "六盏路灯不亮" });
    for (const late of [draft({ title: "路灯" }), draft({ title: "停电", typed: ["title"] })]) editing = takeDraft(editing, late);
    expect(editing.values.title).toBe("六盏路灯不亮");
    expect(isSuggested(editing, "title")).toBe(false);
  });

  it("keeps a field unsent when it was typed again while on its way", () => {
    const typed = typeInto(typeInto(blank(), "place", "沂水"), "place", "沂水县");
    const editing = confirmed(typed, { place: "沂水" });
    expect(unsentOf(editing)).toEqual({ place: "沂水县" });
    expect(unsentOf(confirmed(editing, { place: "沂水县" }))).toEqual({});
  });

  it("an emptied field was typed too and stays empty", () => {
    const editing = takeDraft(typeInto(takeDraft(blank(), draft({ unit: "371323" })), "unit", ""), draft({ unit: "371323" }));
    expect(editing.values.unit).toBe("");
    expect(unsentOf(editing)).toEqual({ unit: "" });
  });

  it("after a reload takes typed values from the engine, and unsent ones from this PC above them", () => {
    let editing = restore(blank(), { place: "罗家庄村东头" });
    editing = takeDraft(editing, draft({ title: "改过的", place: "罗家庄村", typed: ["title", "place"] }));
    expect(editing.values).toMatchObject({ title: "改过的", place: "罗家庄村东头" });
    expect(isSuggested(editing, "title")).toBe(false);
    expect(unsentOf(editing)).toEqual({ place: "罗家庄村东头" });
  });

  it("names what a department cannot work without", () => {
    const values = { ...blank().values, title: "a", type: "求助", category: "x/y", place: " ", urgency: "一般", description: "b", phone: "1" };
    expect(lacking(values)).toEqual(["place"]);
  });
});
