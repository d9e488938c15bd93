"""The page's languages: their messages, and how one is chosen for a visitor.

`NAME/LC_MESSAGES/messages.po` is a language's gettext catalogue, and `NAME/glossary.md` lists its
terms.
"""
