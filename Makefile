PYTHON ?= python3
VENV := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help up down clean reset images venv chromium slapd postgresql test unit integration browser redteam bench lint format lock

help: ## Show this help
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

up: ## Set everything up and start the demo site (run again: goes on, does nothing twice)
	@$(PYTHON) -m provisioning.host up

down: ## Stop the site; what people made stays
	@$(PYTHON) -m provisioning.host down

clean: ## Remove everything that was made here: containers, volumes, images, var/, .venv
	@$(PYTHON) -m provisioning.host clean

reset: ## Remove the site and what people made in it; images and .venv stay
	@$(PYTHON) -m provisioning.host reset

images: ## Build the images only
	@$(PYTHON) -m images.build

venv: .venv/ready ## Make the virtual environment for development and tests

.venv/ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -m images.venv

chromium: ## See that Chromium is there, for the browser tests
	@$(PYTHON) -m provisioning.host chromium

slapd: ## See that OpenLDAP is there, for the tests of signing in
	@$(PYTHON) -m provisioning.host slapd

postgresql: ## See that PostgreSQL is there, for the registry's tests
	@$(PYTHON) -m provisioning.host postgresql

test: up venv chromium slapd postgresql ## Run every test, from nothing
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/python -m images.labextension test
	$(VENV)/pytest tests/unit tests/fuzz tests/integration
	# By themselves: the browser's driver keeps an event loop running.
	$(VENV)/pytest tests/browser
	$(VENV)/pytest tests/redteam

unit: venv slapd postgresql ## Run the tests that need no Docker
	$(VENV)/pytest tests/unit
	$(VENV)/python -m images.labextension test

integration: venv ## Run the tests against real containers (wants `make up`)
	$(VENV)/pytest tests/integration

browser: venv chromium ## Run the tests in Chromium, which also take the docs' screenshots (wants `make up`)
	$(VENV)/pytest tests/browser

redteam: venv chromium ## Try every way out and in on a stock JupyterHub and here; writes docs/security/redteam.md
	$(VENV)/python -m tests.redteam.table

bench: venv ## Measure against stock Jupyter, side by side (wants `make up`)
	$(VENV)/python -m bench

lint: venv ## Check style and types
	$(VENV)/ruff check . && $(VENV)/ruff format --check . && $(VENV)/mypy

format: venv ## Format the code
	$(VENV)/ruff format . && $(VENV)/ruff check --fix .

lock: ## Resolve all requirements anew, with hashes
	@$(PYTHON) -m images.lock
