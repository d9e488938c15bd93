"""The outputs of a training: history, report, animation, TensorBoard summaries, SavedModel."""
