"""`mailbridge plugins`: what is installed."""

from mailbridge.cli.common import JsonOption, emit

COLUMNS = (
    ("plugin", lambda row: row["plugin"]),
    ("name", lambda row: row["name"]),
    ("for", lambda row: row["title"]),
    ("version", lambda row: row["version"]),
    ("evidence", lambda row: row["evidence"] or ""),
    ("trust", lambda row: row["trust"] or ""),
    ("speaks for", lambda row: ", ".join(row["domains"])),
)


def plugins(as_json: JsonOption = False) -> None:
    """List the parsers and sinks that are installed."""
    from mailbridge.registry import parser_types, sink_names, sink_type

    found = [("parser", kind.manifest) for kind in parser_types().values()]
    found += [("sink", sink_type(name).manifest) for name in sink_names()]
    rows = [
        {
            "plugin": plugin,
            "name": manifest.name,
            "title": manifest.title,
            "version": manifest.version,
            "api": manifest.api,
            "evidence": manifest.evidence if plugin == "parser" else None,
            "trust": manifest.trust if plugin == "parser" else None,
            "domains": list(manifest.domains),
            "docs": manifest.docs,
        }
        for plugin, manifest in found
    ]
    emit(rows, as_json=as_json, columns=COLUMNS)
