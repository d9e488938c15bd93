"""Files: models, histories, evaluations, and how they are written and followed."""
