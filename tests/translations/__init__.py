"""The catalogues of the page's messages, and the choice of a language."""
