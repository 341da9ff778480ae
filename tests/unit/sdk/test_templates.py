import pytest

from mailbridge.sdk import BadTemplate, Template, compile_structure, fill_structure, template_values
from mailbridge.testing.interests import hard_interests, make_card, make_deliveries, make_delivery


@pytest.fixture
def values():
    return template_values(make_deliveries(1)[0], "en")


def test_parts_of_the_card_are_printed(values):
    text = Template("{{ author.name }} ({{ word('network') }}): {{ author.phones }} {{ author.email | fit(6) }}").text(
        values
    )
    assert text == "Иван Петров-1 (VK): +79120000001 ivan1…"


def test_what_is_unknown_prints_nothing_and_is_no_value():
    values = template_values(make_delivery(hard_interests()["nobody"]), "ru")
    assert Template("[{{ author.email }}]").text(values) == "[]"
    assert Template("{{ author.email }}").value(values) is None
    assert Template("{{ who }}").text(values) == "Без имени"


def test_one_expression_keeps_its_type():
    values = template_values(make_delivery(make_card(rating=3, amount="15.50")), "en")
    assert Template("{{ rating }}").value(values) == 3
    assert Template("{{- amount -}}").value(values) == 15.5
    assert Template("{{ -1 }}").value(values) == -1
    assert Template("{{ author.phones }}").value(values) == ["+79120000001"]
    assert Template("{{ rating }} of 5").value(values) == "3 of 5"
    assert Template("{{ rating }}{{ rating }}").value(values) == "33"


def test_a_structure_leaves_out_what_is_unknown():
    values = template_values(make_delivery(hard_interests()["nobody"]), "en")
    body = {"email": "{{ author.email }}", "list": ["{{ phone }}", "x"], "deep": {"kind": "{{ kind }}"}, "n": 1}
    assert fill_structure(compile_structure(body), values) == {"list": ["x"], "deep": {"kind": "visit"}, "n": 1}


def test_form_fields_are_found_by_their_label():
    delivery = make_delivery(hard_interests()["order"])
    values = template_values(delivery, "ru")
    assert Template("{{ field('вопрос 7') }}").text(values) == "Ответ 7"
    assert Template("{% for one in fields %}{{ one.label }};{% endfor %}").text(values).count(";") == 60


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ author.nam }}", "did you mean 'author.name'"),
        ("{{ autor.name }}", "'autor', which no interest has; did you mean 'author'"),
        ("{{ author.name", "is no template"),
        ("{% include 'x' %}", "another template"),
        ("{{ settings.x }}", "'settings'"),
        ("{{ author.name.__class__ }}", "which no interest has"),
    ],
)
def test_wrong_templates_are_refused_when_they_are_read(source, words):
    with pytest.raises(BadTemplate, match=words):
        Template(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ interest.__class__.__mro__ }}",
        "{{ step_key.__globals__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ 'x' * 1000000000 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ fields.append(1) }}",
        "{{ word('nonsense') }}",
        "{{ interest.nonsense }}",
    ],
)
def test_nothing_leaves_the_sandbox(source, values):
    with pytest.raises(BadTemplate):
        Template(source).value(values)
    with pytest.raises(BadTemplate):
        Template(f"a {source}").text(values)


def test_names_of_globals_are_not_there():
    for name in ("range(10)", "lipsum()", "namespace()"):
        with pytest.raises(BadTemplate):
            Template(f"{{{{ {name} }}}}").text({})


def test_own_names_can_be_added(values):
    assert Template("{{ settings.owner }}", known=("settings",)).value({**values, "settings": {"owner": 7}}) == 7


def test_values_are_escaped_and_the_template_is_not():
    values = template_values(make_delivery(hard_interests()["markup"]), "en")
    text = Template("<b>{{ author.name }}</b>", escape=lambda text: text.replace("<", "&lt;")).text(values)
    assert text == '<b>O\'Brien & "Sons" &lt;b></b>'


def test_words_of_a_visitor_are_never_a_template():
    values = template_values(make_delivery(make_card(text="{{ key }} {% for %}")), "en")
    assert Template("{{ text }}").value(values) == "{{ key }} {% for %}"
    assert Template("say {{ text }}").value(values) == "say {{ key }} {% for %}"


def test_values_take_the_form_that_a_crm_wants():
    delivery = make_delivery(make_card(text="a < b\nc"), responsible="7")
    values = template_values(delivery, "en")
    assert Template("{{ occurred_at | epoch * 1000 }}").value(values) == 1778324647000
    assert Template("{{ occurred_at | after(3600) }}").value(values) == "2026-05-09T15:04:07+03:00"
    assert Template("{{ assignee | number }}").value(values) == 7
    assert Template("{{ text | html }}").value(values) == "a &lt; b<br>c"
    assert Template("{{ rating | epoch }}{{ rating | html }}{{ rating | after(1) }}").value(values) == ""


def test_who_is_assigned_is_a_user_or_whoever_is_first():
    delivery = make_deliveries(1)[0]
    for responsible, seen in ((None, (None, False)), ("asap", (None, True)), ("7", ("7", False))):
        values = template_values(make_delivery(delivery.interest, responsible=responsible), "en")
        assert (values["assignee"], values["asap"]) == seen


def test_a_table_with_a_condition_may_be_left_out(values):
    compiled = compile_structure({"to": [{"$if": "{{ rating }}", "id": 1}, {"$if": "{{ kind }}", "id": 2}]})
    assert fill_structure(compiled, values) == {"to": [{"id": 2}]}


def test_a_key_may_be_a_template(values):
    compiled = compile_structure({"{{ settings.field }}": "{{ key }}", "{{ '' }}": 1}, known=("settings",))
    assert fill_structure(compiled, {**values, "settings": {"field": "cf_7"}}) == {"cf_7": values["key"]}


def test_a_card_of_a_given_length_keeps_its_marker():
    delivery = make_delivery(hard_interests()["long"])
    text = Template("{{ card_within(3000) }}").text(template_values(delivery, "ru"))
    assert len(text) <= 3000
    assert text.endswith(delivery.key)
