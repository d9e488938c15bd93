"""The room: drawings that its participants give, in one file. It knows nothing of HTTP."""
