"""Bad networks, other servers, damaged addresses, restrictive browsers."""
