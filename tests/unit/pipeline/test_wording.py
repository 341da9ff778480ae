"""The words of complaints are looked up beforehand: the file says what the dictionary says."""

import json
import subprocess
import sys

from mailbridge.pipeline import wording
from mailbridge.pipeline.labelling import COMPLAINT_WORDS, NO_COMPLAINT_WORDS


def test_the_forms_are_those_of_the_dictionary():
    ready = json.loads(wording._READY.read_text("utf-8"))
    assert ready == wording.forms_in([*COMPLAINT_WORDS, *NO_COMPLAINT_WORDS]), "run `make forms`"


def test_the_rules_that_are_there_by_default_load_no_dictionary():
    program = (
        "import sys; from mailbridge.pipeline.labelling import labelling_of; labelling_of({}, {});"
        "sys.exit('pymorphy3' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_word_of_ones_own_is_looked_up():
    assert wording.wording_of(["стол"]).is_in("Продаёте ли вы столы?")
