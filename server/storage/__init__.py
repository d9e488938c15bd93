"""Files: models, histories and evaluations; how they are written, loaded and watched."""
