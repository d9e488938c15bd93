/** The page's language, and what follows from it. */

// Tests in Node.js have no document.
const root = globalThis.document?.documentElement;

/** A BCP 47 tag. */
export const LANGUAGE = root?.lang || "en";

/** Whether it is written from right to left. */
export const IS_RIGHT_TO_LEFT = root?.dir === "rtl";

/** For Intl: with the digits 0 to 9 in all languages. */
export const LOCALE = `${LANGUAGE}-u-nu-latn`;
