"""The two limits of Bitrix24's cloud: the leaky bucket of requests and the execution time of methods."""

from collections import defaultdict
from dataclasses import dataclass, field

from mailbridge.testing.bitrix24_data import RestError

_BASKETS = 10
_BASKET_S = 60


@dataclass(slots=True)
class Bucket:
    """Fills by one per request of a client address, drains by `drain_per_s`, refuses above `size`."""

    size: float = 50.0
    drain_per_s: float = 2.0
    levels: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, client: str, now: float) -> None:
        """Count one request.

        Raises:
            RestError: QUERY_LIMIT_EXCEEDED, the bucket is full.
        """
        level, at = self.levels.get(client, (0.0, now))
        level = max(0.0, level - (now - at) * self.drain_per_s)
        if level + 1 > self.size:
            self.levels[client] = (level, now)
            raise RestError(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")
        self.levels[client] = (level + 1, now)


@dataclass(slots=True)
class Operating:
    """Execution seconds per method over ten one-minute baskets; the call after the sum passed `limit_s` is refused.

    Attributes:
        cost_s: What every call is said to take; 0 switches the accounting off.
    """

    cost_s: float = 0.0
    limit_s: float = 480.0
    baskets: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))

    def spend(self, method: str, now: float) -> dict[str, float]:
        """Count one call and return `operating` and `operating_reset_at` for its `time` object.

        Raises:
            RestError: OPERATION_TIME_LIMIT, the method is blocked for a while.
        """
        if self.spent(method, now) > self.limit_s:
            raise RestError(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.")
        baskets = self.baskets[method]
        minute = int(now // _BASKET_S)
        baskets[minute] = baskets.get(minute, 0.0) + self.cost_s
        return self.state(method, now)

    def spent(self, method: str, now: float) -> float:
        """Return the seconds of the last ten minutes."""
        oldest = int(now // _BASKET_S) - _BASKETS + 1
        self.baskets[method] = {minute: cost for minute, cost in self.baskets[method].items() if minute >= oldest}
        return sum(self.baskets[method].values())

    def state(self, method: str, now: float) -> dict[str, float]:
        """Return the part of the `time` object that tells how much was spent and when the oldest basket drops."""
        oldest = min(self.baskets[method], default=int(now // _BASKET_S))
        return {"operating": self.spent(method, now), "operating_reset_at": (oldest + _BASKETS) * _BASKET_S}
