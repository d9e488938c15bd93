"""The Flask application: requests in, responses out."""
