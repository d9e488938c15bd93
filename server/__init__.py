"""The Flask server: it loads W and b, and answers what a drawing is and why. No TensorFlow."""
