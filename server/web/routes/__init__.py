"""The routes: the page, its files, and the API."""
