# One list of verbs for people and for CI. Each calls a script in weisf/steps.
.POSIX:
.NOTPARALLEL:
.PHONY: help run demo test test-all setup setup-dev lint types locks unit postgres extras browser libreoffice picture bench kills long format lock
.DEFAULT_GOAL := help

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

run: setup ## Set up what is missing and serve the register on http://localhost:8000 (PORT=)
	@sh weisf/steps/serve.sh run

demo: ## Serve a fictional register, which shows every feature, on http://localhost:8001 (PORT=)
	@sh weisf/steps/setup.sh python assets static
	@sh weisf/steps/serve.sh demo

test: setup-dev ## Run every check and test (TEST_ARGS= goes to pytest)
	@sh weisf/steps/setup.sh extras
	@sh weisf/steps/test.sh all

test-all: setup-dev ## The same, with every test on both databases, and PostgreSQL 15 too
	@sh weisf/steps/setup.sh extras
	@sh weisf/steps/test.sh all-on-both

setup: ## Make .venv, the style sheet, the static files and the secret key (EXTRAS=)
	@sh weisf/steps/setup.sh python assets static secret_key

setup-dev:
	@sh weisf/steps/setup.sh dev python assets static secret_key

lint: setup-dev ## Check style, templates, the import contract and missing migrations
	@sh weisf/steps/checks.sh lint

types: setup-dev ## Check the types
	@sh weisf/steps/checks.sh types

locks: setup-dev ## Check that the lists of packages fit pyproject.toml
	@sh weisf/steps/checks.sh locks

unit: setup-dev ## Run the suite on SQLite
	@sh weisf/steps/test.sh unit

postgres: setup-dev ## Run what a database decides on PostgreSQL (DATABASE_URL=, PG_VERSION=15)
	@sh weisf/steps/test.sh postgres

extras: setup-dev ## Run the tests of the extras, in an environment that has them
	@sh weisf/steps/setup.sh extras
	@sh weisf/steps/test.sh extras

browser: setup-dev ## Run the tests in a real browser (CHROMIUM=)
	@sh weisf/steps/test.sh browser

libreoffice: setup-dev ## Compare what LibreOffice finds in the workbooks, where it is installed
	@sh weisf/steps/test.sh libreoffice

picture: setup-dev ## Make docs/register.png, the picture of the README, anew (CHROMIUM=)
	@sh weisf/steps/test.sh picture

bench: setup-dev ## Measure the register beside others, forty minutes (BENCH_ARGS=--help)
	@sh weisf/steps/test.sh bench

kills: setup-dev ## Kill imports at random moments: each leaves all or nothing (KILLS_ARGS=)
	@sh weisf/steps/test.sh kills

long: setup-dev ## Try many more cases where chance decides which; an hour (TEST_ARGS=)
	@sh weisf/steps/test.sh long

format: setup-dev ## Format the code and the templates
	@sh weisf/steps/checks.sh format

lock: setup-dev ## Lock the newest packages that pyproject.toml allows
	@sh weisf/steps/lock.sh
