"""A figure beside the one it is compared with, and what their ratio should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ratio:
    """One line of the table: `ours` divided by `theirs`, both in `unit`.

    `least` is what the ratio must be and `aim` what it should be; where `aim` is the smaller of
    both, less is better. `spread` (low, high) holds the middle half of the rounds' own ratios.
    """

    name: str
    ours: float
    theirs: float
    unit: str
    least: float
    aim: float
    spread: tuple[float, float] | None = None

    @property
    def value(self) -> float:
        """The ratio."""
        return self.ours / self.theirs

    @property
    def verdict(self) -> str:
        """Tell what it reaches: the aim, what it must, or neither."""
        sign = 1 if self.aim >= self.least else -1
        if sign * self.value >= sign * self.aim:
            return "aim"
        return "least" if sign * self.value >= sign * self.least else "below"

    def as_json(self) -> dict[str, Any]:
        """Give all that is known of it."""
        return {
            "name": self.name,
            "ours": self.ours,
            "theirs": self.theirs,
            "unit": self.unit,
            "ratio": self.value,
            "spread": self.spread,
            "least": self.least,
            "aim": self.aim,
            "verdict": self.verdict,
        }


def table(part: str, ratios: Sequence[Ratio]) -> str:
    """Write ratios as a Markdown table."""
    lines = [
        f"| {part} | ours | theirs | unit | ratio | middle half | least | aim | reaches |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for ratio in ratios:
        spread = " … ".join(_short(bound) for bound in ratio.spread or ())
        cells = [ratio.name, _short(ratio.ours), _short(ratio.theirs), ratio.unit]
        cells += [_short(ratio.value), spread, _short(ratio.least), _short(ratio.aim)]
        lines.append(f"| {' | '.join([*cells, ratio.verdict])} |")
    return "\n".join(lines)


def _short(value: float) -> str:
    """Write three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
