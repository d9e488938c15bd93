"""What routes have in common: registration, validation, documentation, responses, errors."""
