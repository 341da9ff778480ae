"""Proves by reading only that an account can work."""

from collections.abc import Callable, Iterator

from mailbridge.sdk import Refused, Template, Unusable
from mailbridge_sinks.rest.answers import query
from mailbridge_sinks.rest.client import RestClient
from mailbridge_sinks.rest.config import RestConfig
from mailbridge_sinks.rest.forms import Form
from mailbridge_sinks.rest.shape import OWN_NAMES, AnswerRule, Check


def prove(config: RestConfig, client: RestClient, probe: Callable[[], bool]) -> None:
    """Send the checks of the configuration; without any, search for a key that nobody has, or see if anybody answers.

    Args:
        config: The configuration.
        client: Sends them.
        probe: Searches; False when the main step has no search.

    Raises:
        Unusable: With everything that is wrong.
        NotWritten: The CRM can't be reached now.
    """
    if not config.checks:
        if not probe():
            client.reach()
        return
    problems = list(dict.fromkeys(problem for check in config.checks for problem in _wrong(check, config, client)))
    if problems:
        raise Unusable("; ".join(problems))


def _wrong(check: Check, config: RestConfig, client: RestClient) -> Iterator[str]:
    values = {"settings": config.values, "readable": config.read_token is not None}
    if check.when and not Template(f"{{{{ {check.when} }}}}", known=OWN_NAMES).value(values):
        return
    said = Template(check.say, known=OWN_NAMES).text(values)
    fine = (AnswerRule(status=check.fine, means="present"),) if check.fine else ()
    try:
        good = client.asked(Form(check, config.headers).filled(values, client.path_token), (*fine, *config.answers))
    except (Refused, Unusable) as error:
        yield f"{said} ({error.reason})" if said else error.reason
        return
    need = Template(check.need, known=OWN_NAMES).text(values)
    if need and not query(need, good.body):
        yield said or f"the answer of {check.path} does not fulfil {need!r}"
