"""The softmax regression: numbers only. Imports no other package of the server."""
