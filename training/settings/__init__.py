"""Settings of a training: recipes, the schedule, command-line options and TF_CONFIG."""
