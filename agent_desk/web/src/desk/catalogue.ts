/** Categories and units of the site: asked for once, when first needed. */
import { shallowRef } from "vue";
import { api } from "../api/endpoints";
import type { CategoryGroup, Unit } from "../api/types";

export const categories = shallowRef<CategoryGroup[]>([]);
export const units = shallowRef<Unit[]>([]);

let asked: Promise<void> | null = null;

/** Load both; a failure is forgotten, so that the next page tries again. */
export function loadCatalogue(): Promise<void> {
  asked ??= Promise.all([api.categories(), api.units()]).then(
    ([foundCategories, foundUnits]) => {
      categories.value = foundCategories.items;
      units.value = foundUnits.items;
    },
    (error: unknown) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}
