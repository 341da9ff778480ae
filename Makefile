# Two commands are enough on a fresh machine: `make demo` and `make test`. Each sets up .venv by itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SEEDS ?= 200

.PHONY: readings help forms demo run test e2e mutants check format lock audit-deps sbom secrets score coverage translations reference docs bench bench-archive bench-reading bench-claims bench-parsers bench-backlog bench-pipeline bench-crm bench-delivery bench-latency bench-polling bench-starting bench-reporting chaos simulate crashes bugs fuzz threats clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 14

demo: $(READY) ## The main job on this machine, start to end; ONCE=1 exits after the summary
	$(BIN)/mailbridge demo $(if $(ONCE)$(CI),--once)

run: $(READY) ## The daemon with ./config.toml
	$(BIN)/mailbridge run -c config.toml

# What needs no server and no clock of its own goes side by side on all cores; the rest waits more than it works.
ALONE := tests/unit tests/simulation
# Plays with clock, disk and links at once, against time limits.
QUIET := tests/acceptance/test_ten_faults.py
test: $(READY) ## All tests
	$(if $(TESTS),,$(BIN)/pytest -q -n logical $(ALONE))
	$(BIN)/pytest -q $(or $(TESTS),-n 2 --dist loadfile tests $(addprefix --ignore ,$(ALONE) $(QUIET)))
	$(if $(TESTS),,$(BIN)/pytest -q $(QUIET))

e2e: $(READY) ## The way into a real CRM: BottleCRM on PostgreSQL, installed into .e2e the first time (minutes)
	MAILBRIDGE_E2E=1 $(BIN)/pytest -q -rs tests/e2e

mutants: $(READY) ## Which rule of the kit catches which broken sink
	PYTHONPATH=tests $(BIN)/python -m mutants

check: $(READY) ## What has to pass before every commit: style, types, imports, quick tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -q -m "not slow and not dovecot" $(or $(TESTS),tests/unit tests/component)

format: $(READY) ## Format the code
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format --quiet

PIN := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
	--no-emit-options --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
lock: $(READY) ## Pin all dependencies with hashes, without naming any host; UPGRADE=1 takes the newest that fit
	$(PIN) $(if $(UPGRADE),--upgrade) --extra testing --extra dev -o constraints.txt pyproject.toml
	$(PIN) --extra postgres -c constraints.txt -o requirements.txt pyproject.toml

audit-deps: $(READY) ## Known vulnerabilities of all that is pinned; fails when nobody answers; SERVICE=osv asks another service
	$(BIN)/python tools/audit_deps.py $(if $(SERVICE),--service $(SERVICE))

sbom: $(READY) ## The bill of materials of what runs: dist/mailbridge.cdx.json (CycloneDX)
	$(BIN)/python tools/sbom.py --extra postgres dist/mailbridge.cdx.json

secrets: $(READY) ## Secrets in the repository that nobody has looked at; ACCEPT=1: I have, and they are none
	$(BIN)/python tools/scan_secrets.py $(if $(ACCEPT),--accept)

score: $(READY) ## Precision and recall of the parsers over the fixtures, by network; FOLDER= for mails elsewhere
	$(BIN)/python bench/score.py $(FOLDER)

coverage: $(READY) ## Write the table of networks and kinds into docs/parsers/coverage.md
	$(BIN)/python bench/score.py --coverage docs/parsers/coverage.md

translations: $(READY) ## Bring the catalogues of what people read up to date, compile them, say what is not translated
	$(BIN)/python tools/translations.py

reference: $(READY) ## Write the reference in docs/ out of the code
	$(BIN)/python tools/reference.py

docs: $(READY) ## The documentation as a site: build/site; SERVE=1 shows it at http://localhost:8800
	$(BIN)/python tools/build_site.py
	$(if $(SERVE),$(BIN)/python -m http.server --bind 127.0.0.1 --directory build/site 8800)

forms: $(READY) ## Look up the forms of the words of complaints anew: src/mailbridge/pipeline/forms.json
	$(BIN)/python -c "import json; from mailbridge.pipeline.labelling import COMPLAINT_WORDS, NO_COMPLAINT_WORDS; \
		from mailbridge.pipeline.wording import forms_in; \
		print(json.dumps(forms_in([*COMPLAINT_WORDS, *NO_COMPLAINT_WORDS]), ensure_ascii=False, indent=0))" > forms.json.new
	mv forms.json.new src/mailbridge/pipeline/forms.json

PEERS := build/peers/.ready
$(PEERS): bench/peers.txt
	-$(PYTHON) -m venv build/peers && build/peers/bin/pip install --quiet -r bench/peers.txt && touch $@

bench: $(READY) $(PEERS) ## Everything about speed, in six minutes; FULL=1: with large numbers, in half an hour; WRITE=1: into docs/performance.md
	PYTHONPATH=tests $(BIN)/python bench/everything.py $(if $(FULL),--full) $(if $(WRITE),--write)
	PYTHONPATH=tests $(BIN)/python bench/claims.py

bench-delivery bench-latency bench-polling bench-starting: bench-%: $(READY) ## Leads through HTTP; time to the CRM; a look without news; start
	PYTHONPATH=tests $(BIN)/python bench/$*.py

bench-reading: $(READY) ## How many mails a second are read, against the reference loop
	$(BIN)/python bench/reading.py

bench-parsers: $(READY) ## What each parser takes for a mail of 200 kB; fails above 150 ms
	$(BIN)/python bench/slowest.py

readings: $(READY) ## What each version of a parser reads out of the fixtures; fails where a version was not raised
	$(BIN)/python bench/readings.py

bench-backlog: $(READY) ## Memory while a backlog is read, and how long a new mail takes meanwhile; MAILS=100000
	PYTHONPATH=tests $(BIN)/python bench/backlog.py --mails $(or $(MAILS),100000)

bench-pipeline: $(READY) $(PEERS) ## From Dovecot into the ledger, beside what merely downloads; MAILS=10000 ROUNDS=3
	PYTHONPATH=tests $(BIN)/python bench/pipeline.py --mails $(or $(MAILS),10000) --rounds $(or $(ROUNDS),3)

bench-archive: $(READY) ## What a dictionary would save in the archive of raw mails
	$(BIN)/python bench/archive.py

bench-claims: $(READY) ## What a claim costs on PostgreSQL beside a million delivered rows
	PYTHONPATH=tests $(BIN)/python bench/claims.py

bench-reporting: $(READY) ## A report out of a ledger of a million interests: seconds and memory; fails above 60 s or 300 MB
	PYTHONPATH=tests $(BIN)/python bench/reporting.py

bench-crm: $(READY) ## How many requests 1,000 interests cost each CRM, and how much of its rate is used (CRM= for one)
	$(BIN)/python bench/crm_requests.py $(CRM)

# MAILS= KILLS= FREEZES= OUTAGE= (seconds) LEDGER= (sqlite, postgresql) NODES= ONLY= (part of a name) SEED= KEEP= FULL=1
WISHES := MAILS KILLS FREEZES OUTAGE LEDGER NODES ONLY SEED KEEP
chaos: $(READY) ## Nothing lost, nothing twice: kills, freezes, broken links, CRMs and databases (minutes; FULL=1: an hour or two)
	PYTHONPATH=tests $(BIN)/python -m chaos $(if $(FULL),--full) \
		$(foreach wish,$(WISHES),$(if $($(wish)),--$(shell echo $(wish) | tr A-Z a-z) "$($(wish))"))

simulate: $(READY) ## The whole system in one thread, everything going wrong by chance; SEEDS=1000 for more
	PYTHONPATH=tests $(BIN)/python -m simulation.walk --seeds $(SEEDS)

crashes: $(READY) ## One run, one thing going wrong at every place where it can; LEDGER=postgresql, FULL=1 leaves no place out
	PYTHONPATH=tests $(if $(FULL),MAILBRIDGE_THOROUGH=1) $(BIN)/python -m simulation.scenario \
		$(if $(LEDGER),--ledger $(LEDGER)) $(if $(ONLY),--only $(ONLY))

bugs: $(READY) ## Which check of the simulation catches which planted bug
	PYTHONPATH=tests $(BIN)/python -m simulation.bugs

fuzz: $(READY) ## Chance against all that reads strangers' words, 50 seconds each, FULL=1: 10 minutes; MINUTES= TARGET= SEED=
	PYTHONPATH=tests $(BIN)/python -m fuzzing --minutes $(or $(MINUTES),$(if $(FULL),10,0.8)) $(if $(TARGET),--target $(TARGET)) $(if $(SEED),--seed $(SEED))

threats: $(READY) ## Take the controls of docs/threats.md out, one after the other; which tests see it (some minutes)
	PYTHONPATH=tests $(BIN)/python -m threats $(if $(ONLY),--only "$(ONLY)")

clean: ## Remove everything that was made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mailbridge needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src parsers sinks # as an installed wheel is: some environments let no run do it
	@touch $@
