"""Paragraphs of format=flowed text put together again (RFC 3676)."""

_SIGNATURE = "-- "


def unflow(text: str, *, delsp: bool = False) -> str:
    """Return the text with soft line breaks removed; line ends are LF.

    Args:
        text: Text with LF line ends.
        delsp: The blank before a soft break is not part of the text (DelSp=yes).
    """
    done: list[str] = []
    open_depth: int | None = None  # quote depth of the last line when that line goes on
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        flows = content.endswith(" ") and content != _SIGNATURE
        if open_depth == depth and content != _SIGNATURE:
            done[-1] += content
        else:
            done.append(f"{'>' * depth} {content}" if depth else content)
        if flows and delsp:
            done[-1] = done[-1][:-1]
        open_depth = depth if flows else None
    return "\n".join(done)
