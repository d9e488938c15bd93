"""What routes share: registration, validation, documentation, responses, errors."""
