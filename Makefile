# Two commands on a fresh machine: `make demo` and `make test`. Everything lives in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
CODE := src tests benchmarks examples notebooks
PAGE := src/atento/studio/page/index.html
NOTEBOOKS := $(wildcard notebooks/*/*.py)
IPYNB := build
WEB := $(shell find web -type f -not -path "*/node_modules/*")

.PHONY: demo test lint format keys notebooks web test-web studio screenshots bench acceptance clean

demo: $(VENV)/.runtime
	$(BIN)/atento demo

test: lint test-web
	$(BIN)/python -m pytest -n 2 -m "not acceptance"

lint: $(VENV)/.development
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell README.md CHANGELOG.md CONTRIBUTING.md docs src benchmarks examples notebooks

format: $(VENV)/.development
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

# The tables of keys in docs/recipes.md.
keys: $(VENV)/.development
	$(BIN)/python -m tests.recipe_keys

# The course as .ipynb files, in build/notebooks: for Colab, or a Jupyter without jupytext.
notebooks: $(VENV)/.development
	mkdir -p $(addprefix $(IPYNB)/,$(sort $(dir $(NOTEBOOKS))))
	for file in $(NOTEBOOKS); do $(BIN)/jupytext --quiet --to ipynb --output $(IPYNB)/$${file%.py}.ipynb $$file || exit; done

# The studio's page, from web/ into src/atento/studio/page: Node 20 is needed for this and for nothing else.
web: $(PAGE)

$(PAGE): $(WEB)
	@if command -v npm > /dev/null; then \
	cd web && npm ci --no-audit --no-fund --loglevel=error && npm run build && touch ../$(PAGE); \
	else echo "npm is missing, so the studio's page is not built; install Node 20" >&2; fi

test-web: $(PAGE)
	@if command -v npm > /dev/null; then cd web && npm run check && npm test; \
	else echo "npm is missing, so the studio's page is not tested; install Node 20" >&2; fi

studio: web $(VENV)/.studio
	$(BIN)/atento studio

# The pictures of docs/studio: they want the demo's model and Chromium.
screenshots: demo web $(VENV)/.development
	$(BIN)/python -m tests.studio.browser.screenshots

# Long proofs: ten kills, every batch size. Real corpora are found through ATENTO_DATA where it is set.
acceptance: $(VENV)/.development
	$(BIN)/python -m pytest -m acceptance

bench: $(VENV)/.benchmarks
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable .
	touch $@

$(VENV)/.development: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable ".[dev]"
	touch $@

$(VENV)/.studio: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable ".[studio]"
	touch $@

$(VENV)/.benchmarks: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable ".[dev,bench]"
	touch $@
