"""Which deliveries follow from an interest under the configuration."""

from collections.abc import Mapping

from mailbridge.config import SinkSettings
from mailbridge.ledger.settle import Outgoing
from mailbridge.pipeline.policy import delivery_key, lane_of
from mailbridge.sdk import Interest


def outgoing(interest: Interest, sinks: Mapping[str, SinkSettings]) -> tuple[Outgoing, ...]:
    """Return one delivery for every sink that wants the interest, in the order of the configuration."""
    lane = lane_of(interest)
    return tuple(
        Outgoing(
            key=delivery_key(interest.id, sink.account_id or name),
            sink=name,
            account_id=sink.account_id or name,
            lane=lane,
            responsible=interest.responsible,
        )
        for name, sink in sinks.items()
        if sink.wants(interest)
    )
