"""The page in other languages than English."""
