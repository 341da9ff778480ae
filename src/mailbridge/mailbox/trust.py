from mailbridge.sdk import Address, Headers, Trust


def judge(headers: Headers, senders: tuple[Address, ...], receiver: str | None) -> Trust:  # noqa: ARG001
    return Trust()
