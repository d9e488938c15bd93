/** The dialogs: sample digits, sharing, and the list of keys. */

import { weightFiles } from "../network/api.js";
import { loadTranslations } from "../network/translations.js";
import { find } from "../components/dom.js";
import { createGallery } from "../components/gallery.js";
import { gettext } from "../language/messages.js";
import { whenChanged } from "../state/memo.js";

/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */

/**
 * @param {Change} change
 * @param {{address: () => string, openGallery: () => void}} page
 */
export function createDialogs(change, { address, openGallery }) {
  const gallery = find("#gallery", HTMLDialogElement);
  const share = find("#share", HTMLDialogElement);
  const keys = find("#keys", HTMLDialogElement);
  const empty = find("#gallery-empty", HTMLElement);
  const showGallery = createGallery(find("#gallery-digits", HTMLElement), Infinity, change, () =>
    gallery.close(),
  );
  const png = find("#save-png", HTMLAnchorElement);
  const csv = find("#save-csv", HTMLAnchorElement);
  const result = find("#share-result", HTMLElement);
  const main = find("main", HTMLElement);
  let view = "";
  let isExplained = false;
  let isSaving = false;

  const open = {
    gallery() {
      openGallery();
      gallery.showModal();
    },
    share() {
      result.textContent = "";
      share.showModal();
    },
    keys: () => keys.showModal(),
  };
  find("#open-gallery", HTMLButtonElement).addEventListener("click", open.gallery);
  find("#open-share", HTMLButtonElement).addEventListener("click", open.share);
  find("#open-keys", HTMLButtonElement).addEventListener("click", open.keys);

  find("#copy", HTMLButtonElement).addEventListener("click", async () => {
    const link = new URL(address(), location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      result.textContent = gettext("Copied.");
    } catch {
      // Without HTTPS, as in a room's network, browsers block the clipboard.
      result.textContent = gettext(
        "This browser does not allow copying here. The address is {address}",
        { address: link },
      );
    }
  });
  find("#print", HTMLButtonElement).addEventListener("click", () => {
    if (!isExplained) {
      result.textContent = gettext("There is nothing to explain yet: draw a digit first.");
      return;
    }
    share.close();
    // On paper, the view Draw is the explanation.
    change({ view: "draw" });
    print();
  });
  find("#save-view", HTMLButtonElement).addEventListener("click", async ({ detail }) => {
    // The second click of a double click, or one while the picture is being made.
    if (detail > 1 || isSaving) return;
    isSaving = true;
    try {
      await loadTranslations();
      const { download, toPicture } = await import("./save.js");
      const file = `evidence-${view}.png`;
      download(await toPicture(main), file);
      result.textContent = gettext("Saved as {file}.", { file });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      result.textContent = gettext("This browser could not make the picture: {reason}", { reason });
    } finally {
      isSaving = false;
    }
  });

  const showFiles = whenChanged((/** @type {string} */ model) => {
    const files = weightFiles(model);
    png.href = files.png;
    png.download = `${model}-weights.png`;
    csv.href = files.csv;
    csv.download = `${model}-weights.csv`;
  });

  return {
    open,

    /** @param {Shown} shown */
    show(shown) {
      view = shown.view;
      isExplained = shown.isFresh && shown.explanation !== null;
      empty.hidden = shown.sampleDigits !== null;
      showGallery(shown);
      showFiles(shown.model);
    },
  };
}
