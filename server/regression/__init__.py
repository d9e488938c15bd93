"""The softmax regression: what is computed. Imports no other package of the server."""
