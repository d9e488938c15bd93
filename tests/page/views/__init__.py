"""What the views show, on every screen."""
