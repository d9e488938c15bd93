"""The headers that restrict what a browser does with a response."""

from flask import Response


def security_policy(*scripts: str) -> str:
    """Return a Content-Security-Policy: nothing from other hosts, no inline code, no framing.

    :param scripts: sources of scripts besides the server's own files, such as the hash of an
        inline element
    """
    sources = " ".join(("'self'", *scripts))
    return (
        f"default-src 'none'; script-src {sources}; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


SECURITY_HEADERS = {
    "Content-Security-Policy": security_policy(),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def add_security_headers(response: Response) -> Response:
    """Add SECURITY_HEADERS to a response, except those that it has."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
