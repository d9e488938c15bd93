"""The languages and windows in which layouts are tested."""

from tests.page.legibility import PHONES

# German words are long, Chinese texts short, and Arabic is written from right to left.
LANGUAGES = ("de", "zh-Hans", "ar")

SIZES = (*PHONES, (1280, 800), (1920, 1080))
