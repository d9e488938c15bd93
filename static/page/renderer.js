/** When the page shows its state: however often it changes, once per frame or event. */

/**
 * @param {() => void} beforeFrame
 * @param {() => void} show
 */
export function createRenderer(beforeFrame, show) {
  let frame = 0;
  let isQueued = false;

  return {
    /** For changes by the pen, which moves more often than there are frames. */
    showWithFrame() {
      frame ||= requestAnimationFrame(() => {
        beforeFrame();
        frame = 0;
        show();
      });
    },

    /** For all other changes: events that follow find the page up to date. */
    showAfterEvent() {
      if (isQueued) return;
      isQueued = true;
      queueMicrotask(() => {
        isQueued = false;
        show();
      });
    },
  };
}
