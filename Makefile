# The same jobs as dev.py, for fingers that type make.
PYTHON ?= python3

.PHONY: demo test unit bench pictures
demo test unit bench pictures:
	$(PYTHON) dev.py $@
