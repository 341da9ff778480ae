"""Paragraphs of format=flowed text put together again (RFC 3676)."""

_SIGNATURE = "-- "


def unflow(text: str, *, delsp: bool = False) -> str:
    """Return the text with soft line breaks removed; line ends are LF.

    Args:
        text: Text with LF line ends.
        delsp: The blank before a soft break is not part of the text (DelSp=yes).
    """
    done: list[str] = []
    parts: list[str] = []  # of the paragraph that goes on
    open_depth: int | None = None  # its quote depth
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        flows = content.endswith(" ") and content != _SIGNATURE
        if open_depth != depth or content == _SIGNATURE:
            if parts:
                done.append("".join(parts))
            parts = [">" * depth + " "] if depth else [""]
        parts.append(content[:-1] if flows and delsp else content)
        open_depth = depth if flows else None
    done.append("".join(parts))
    return "\n".join(done)
