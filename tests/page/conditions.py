"""What a page may meet: patience that is short, a busy server, a browser that guards its user."""

from playwright.sync_api import Route

from server.web.common.problems import PROBLEM_TYPE, encode_problem

# Waits of a second or more take a tenth of it, so that a test need not wait for a page's patience.
IMPATIENT = """
  const wait = setTimeout;
  window.setTimeout = (action, ms, ...rest) => wait(action, ms < 1000 ? ms : ms / 10, ...rest);
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms) => timeout(ms / 10);
"""


# What extensions against tracking do with pictures that a page reads back, and browsers with a
# page's storage where a person wants none.
GUARDS = {
    "refused": """
      const refuse = () => { throw new DOMException("Not allowed", "SecurityError"); };
      CanvasRenderingContext2D.prototype.getImageData = refuse;
      HTMLCanvasElement.prototype.toDataURL = HTMLCanvasElement.prototype.toBlob = refuse;
      for (const storage of ["localStorage", "sessionStorage", "indexedDB"]) {
        Object.defineProperty(window, storage, { get: refuse });
      }
    """,
    "noise": """
      const read = CanvasRenderingContext2D.prototype.getImageData;
      CanvasRenderingContext2D.prototype.getImageData = function (...area) {
        const image = read.apply(this, area);
        return new ImageData(image.data.map(() => 256 * Math.random()), image.width, image.height);
      };
    """,
}


def busy(route: Route, seconds: str) -> None:
    """Answer as a server does that has too much to do."""
    route.fulfill(
        status=503,
        content_type=PROBLEM_TYPE,
        headers={"Retry-After": seconds},
        body=encode_problem(503, "Too many ask."),
    )
