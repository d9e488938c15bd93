/** Wires the page: pen → strokes → pixels → prediction → views, all through one store. */

import { find, findAll } from "./components/dom.js";
import { createDrawing } from "./drawing/drawing.js";
import { ignorePalms } from "./drawing/pointer.js";
import { createLoader } from "./network/loader.js";
import { createPredictor } from "./network/predictor.js";
import { createReporter } from "./network/reporting.js";
import { watchTrainings } from "./network/trainings.js";
import { createAnswer } from "./page/answer.js";
import { createDialogs } from "./page/dialogs.js";
import { createDisplay } from "./page/display.js";
import { listenToPixels } from "./page/inspect.js";
import { listenToShortcuts, pressButtonsOnce } from "./page/keys.js";
import { createNavigation } from "./page/navigation.js";
import { createRoomLoader } from "./page/room_loader.js";
import { createViews } from "./page/views.js";
import { createWhy } from "./page/why.js";
import { writeAddress } from "./state/address.js";
import { createState, derive } from "./state/state.js";
import { createStore } from "./state/store.js";

const store = createStore(createState());
const { change } = store;
const main = find("main", HTMLElement);

// The store calls its listeners in this order: the request for a prediction is sent first.
const reporter = createReporter(store);
const predictor = createPredictor(store, reporter, () => loader.requestModels());
const loader = createLoader(store, reporter, () => navigation.open());
const drawing = createDrawing(store);
const hasRoom = main.dataset.room !== undefined;
const loadRoom = createRoomLoader(() => [store, reporter, loader]);
const views = createViews(change, async () => ({ room: hasRoom ? await loadRoom() : null }));
const navigation = createNavigation(store, views.exists);
const answer = createAnswer();
const showWhy = createWhy();
const display = createDisplay();
const dialogs = createDialogs(change, {
  address: () => writeAddress(store.state),
  openGallery: loader.openGallery,
});

/** Show the state in all parts of the page. */
function show() {
  const shown = derive(store.state);
  display.show(shown);
  main.dataset.view = shown.view;
  drawing.show(shown);
  answer.show(shown);
  showWhy(shown);
  navigation.show(shown);
  views.show(shown);
  dialogs.show(shown);
}

const loadView = reporter.createResource("view", {
  toKey: (/** @type {string} */ name) => name,
  fetch: views.load,
  onAnswer: show,
  requestMissing: loadMissingView,
});

function loadMissingView() {
  const { view } = store.state;
  if (!views.isLoaded(view)) loadView(view);
}

const requestRoom = reporter.createResource("room", {
  toKey: () => "",
  fetch: loadRoom,
  onAnswer() {},
  requestMissing: () => requestRoom(undefined),
});

/** The frame that will show the state, 0 for none. */
let frame = 0;

/** The pen moves more often than there are frames. */
function showWithFrame() {
  frame ||= requestAnimationFrame(() => {
    try {
      predictor.askBeforeFrame();
    } finally {
      frame = 0;
    }
    show();
  });
}

store.subscribe((state) => {
  // aria-busy is set at once; show() removes it together with showing the answer.
  if (state.isBusy) answer.showBusy();
  loadMissingView();
});
store.afterChanges(() => {
  if (store.state.isDrawing) showWithFrame();
  else show();
});

find("#model", HTMLSelectElement).addEventListener("change", (event) => {
  change({ model: /** @type {HTMLSelectElement} */ (event.target).value });
});
find("#projector", HTMLButtonElement).addEventListener("click", toggleProjector);

function toggleProjector() {
  change({ isProjector: !store.state.isProjector });
}

// A symbol of the equation highlights the parts of the page that it stands for.
for (const term of findAll("#equation [data-term]", HTMLElement)) {
  for (const type of ["pointerenter", "focus"]) {
    term.addEventListener(type, () => (document.body.dataset.term = term.dataset.term));
  }
  for (const type of ["pointerleave", "blur"]) {
    term.addEventListener(type, () => delete document.body.dataset.term);
  }
}

listenToPixels(main, {
  current: () => store.state.pixel,
  choose(pixel) {
    if (pixel !== store.state.pixel) change({ pixel });
  },
});

// Browsers drag selected text and pictures, which would interrupt drawing, pointing and clicks on
// buttons. Only links are dragged.
addEventListener("dragstart", (event) => {
  const { target } = event;
  const element = target instanceof Element ? target : /** @type {Node} */ (target).parentElement;
  if (!element?.closest("a")) event.preventDefault();
});

ignorePalms();
pressButtonsOnce();

function escape() {
  if (store.state.pixel !== null) change({ pixel: null });
  else if (store.state.isProjector) toggleProjector();
  else drawing.clear();
}

listenToShortcuts(
  {
    z: drawing.undo,
    c: drawing.clear,
    g: dialogs.open.gallery,
    s: dialogs.open.share,
    r: drawing.animate,
    p: toggleProjector,
    "?": dialogs.open.keys,
    Escape: escape,
    ...Object.fromEntries(
      navigation.views.map((view, index) => [index + 1, () => change({ view })]),
    ),
  },
  drawing.undo,
);

// The other views are loaded as soon as somebody does something. A failure is reported when the
// view is opened.
const FIRST_ACTIONS = ["pointermove", "pointerdown", "keydown"];

/** @param {Event} event */
function loadOtherViews(event) {
  // Browsers also send a pointermove when the page changes under a mouse that rests.
  const isMove = event instanceof PointerEvent && event.type === "pointermove";
  if (isMove && event.movementX === 0 && event.movementY === 0) return;
  for (const type of FIRST_ACTIONS) removeEventListener(type, loadOtherViews);
  views.loadAll().catch(() => {});
}

for (const type of FIRST_ACTIONS) addEventListener(type, loadOtherViews);

show();
loader.requestModels();
watchTrainings(store, reporter, loader);
if (hasRoom) requestRoom(undefined);
