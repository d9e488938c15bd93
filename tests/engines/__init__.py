"""The page in three browser engines: Chromium, Firefox and WebKitGTK."""
