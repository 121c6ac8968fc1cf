# SPDX-License-Identifier: GPL-3.0-or-later
# Each target does everything that it needs, from the system's packages on.

SWIFT ?= $(firstword $(shell command -v swift) $(wildcard \
	$(HOME)/.local/share/swiftly/bin/swift /opt/swift/usr/bin/swift /usr/local/swift/usr/bin/swift))
SECONDS ?= 600
N ?= 500
CONFIGURATION ?= release
PREFIX ?= /usr/local
SOURCES := $(wildcard Sources Plugins Tests Package.swift)
C_SOURCES := $(shell find Sources Plugins Tests -name '*.c' -o -name '*.cpp' -o -name '*.h' -o -name '*.hpp')
# Other versions format otherwise; without this one, C and C++ are left as they are.
CLANG_FORMAT := $(shell command -v clang-format-14)

.PHONY: help demo test threads sanitize real observables studies samples onnx wheel deb python fuzz kills docs build install lint format prepare clean

help:
	@echo 'make demo     show Canopy at work on Pythia events, in less than a minute after the build'
	@echo 'make test     run the tests'
	@echo 'make threads  look for data races under ThreadSanitizer while several threads parse and cluster'
	@echo 'make sanitize run the tests under AddressSanitizer and UBSan, with TESTS=... or FILTER=... only some of them'
	@echo 'make kills    kill trainings, triggers and others N=500 times, and look at what they leave'
	@echo 'make real     compare Canopy with FastJet, pyhepmc, pylhe, h5py and uproot, on the samples and on files in ../shared'
	@echo 'make observables compare observables of jets with FastJet and its contributions'
	@echo 'make studies  compare what evaluate says for a study with pyhf and NumPy'
	@echo 'make samples  make a hundred events by the options of generate.py that measure particles or overlay pile-up, and look at them'
	@echo 'make onnx     compare exported models with Canopy by ONNX Runtime, on files in ../shared/data'
	@echo 'make wheel    build the wheel of the Python package in dist, with the command and all that it needs'
	@echo 'make deb      build the wheel, and a Debian package of the same in dist, and try it'
	@echo 'make python   run the tests of the Python package in the wheel, which compare it with FastJet and with the command'
	@echo 'make fuzz     feed damaged files to all that reads files, for SECONDS=600 in all'
	@echo 'make docs     build the documentation of all modules, with warnings as errors'
	@echo 'make build    build the command .build/release/canopy, and what plugins are compiled against'
	@echo 'make install  install what was built in PREFIX=/usr/local'
	@echo 'make lint     check the format of the sources, and which rooms they import'
	@echo 'make format   put the sources in that format'
	@echo 'make prepare  install the system packages that Canopy needs and check the version of Swift'
	@echo 'make clean    remove what was built'

demo: build
	@.build/$(CONFIGURATION)/canopy demo

test: prepare
	$(SWIFT) test
	$(SWIFT) build --product CanopyC
	$(SWIFT) build --product PluginTestRuntime
	.ci/plugin-kit .build/debug .build/debug/plugin-kit
	bash Resources/Examples/trigger.sh "$$($(SWIFT) build --show-bin-path)"
	bash Resources/Examples/c.sh "$$($(SWIFT) build --show-bin-path)"
	SWIFT=$(SWIFT) bash Resources/Examples/plugin.sh "$$($(SWIFT) build --show-bin-path)"
	CANOPY_INSTRUCTION_SET=avx2 $(SWIFT) test --skip-build --filter '^(NeuralEngine|RecursiveEmbedding|RecurrentEncoder|CanopyModel)Tests\.'
	CANOPY_INSTRUCTION_SET=baseline $(SWIFT) test --skip-build --filter '^(NeuralEngine|RecursiveEmbedding|RecurrentEncoder|CanopyModel)Tests\.'

threads: prepare
	CANOPY_TESTS='EventIOTests JetPhysicsTests' $(SWIFT) test --test-product CanopyPackageTests \
		--sanitize=thread --scratch-path .build-threads -debug-info-format none --filter '(Thread|EventPipeline|HepMCText)Tests'

kills: build
	python3 Resources/Checks/kills.py .build/release/canopy --kills $(N)

# Kernels and shims are C and C++, whose undefined behaviour ends the run; leaks are those of the Swift runtime.
sanitize: prepare
	ASAN_OPTIONS=detect_leaks=0 $(if $(TESTS),CANOPY_TESTS='$(TESTS)') $(SWIFT) test \
		$(if $(TESTS),--test-product CanopyPackageTests) --sanitize=address --scratch-path .build-sanitize -debug-info-format none \
		-Xcc -fsanitize=undefined -Xcc -fsanitize-trap=undefined \
		-Xcxx -fsanitize=undefined -Xcxx -fsanitize-trap=undefined $(if $(FILTER),--filter '$(FILTER)')

real: build
	python3 -m venv .build-real
	.build-real/bin/pip install --quiet --only-binary=:all: --requirement Resources/Checks/requirements.txt
	.build-real/bin/python Resources/Checks/real.py
	.build-real/bin/python Resources/Checks/root.py

wheel: build
	.ci/wheel $(CONFIGURATION)

deb: wheel
	.ci/deb
	Resources/Checks/deb.sh dist/*.deb

# What the tests need is in an environment of its own; they run outside of the sources, which are not the package.
python: wheel
	rm -rf .build-python
	Resources/Checks/wheel.sh dist/*.whl .build/$(CONFIGURATION)/canopy .build-python
	.build-python/bin/pip install --quiet "$$(echo dist/*.whl)[test]"
	cd Sources/Python && ../../.build-python/bin/ruff check . && ../../.build-python/bin/ruff format --check .
	cd Sources/Python && ../../.build-python/bin/mypy
	cd .build-python && CANOPY_COMMAND='$(CURDIR)/.build/$(CONFIGURATION)/canopy' \
		bin/python -m pytest -q -p no:cacheprovider '$(CURDIR)/Sources/Python/tests'

observables: build
	python3 -m venv .build-real
	.build-real/bin/pip install --quiet --only-binary=:all: --requirement Resources/Checks/requirements.txt
	.build-real/bin/python Resources/Checks/observables.py .build/$(CONFIGURATION)/canopy

studies: build
	python3 -m venv .build-real
	.build-real/bin/pip install --quiet --only-binary=:all: --requirement Resources/Checks/requirements.txt
	.build-real/bin/python Resources/Checks/studies.py

samples:
	python3 -m venv .build-real
	.build-real/bin/pip install --quiet --only-binary=:all: pythia8mc fastjet pyhepmc h5py numpy backports.zstd
	.build-real/bin/python Resources/Checks/samples.py

onnx: build
	python3 -m venv .build-real
	.build-real/bin/pip install --quiet --only-binary=:all: onnxruntime numpy
	PYTHON='$(CURDIR)/.build-real/bin/python' bash Resources/Checks/onnx.sh .build/release/canopy ../shared/data

fuzz: prepare
	SWIFT=$(SWIFT) Tests/Fuzzing/fuzz.sh $(SECONDS)

docs: prepare
	@.ci/docs $(SWIFT)

build: prepare
	$(SWIFT) build --configuration $(CONFIGURATION) --product canopy
	$(SWIFT) build --configuration $(CONFIGURATION) --product PluginTestRuntime
	$(SWIFT) build --configuration $(CONFIGURATION) --product CanopyC
	.ci/plugin-kit .build/$(CONFIGURATION) .build/$(CONFIGURATION)/plugin-kit

# Installs what make build has built, which may be another user.
install:
	install -d '$(PREFIX)/bin' '$(PREFIX)/lib/canopy' '$(PREFIX)/share/canopy/Resources/Examples' '$(PREFIX)/share/doc/canopy'
	install .build/$(CONFIGURATION)/canopy '$(PREFIX)/bin'
	.ci/plugin-kit .build/$(CONFIGURATION) '$(PREFIX)/lib/canopy/plugin-kit'
	.ci/c-library .build/$(CONFIGURATION) '$(PREFIX)'
	cp -R Resources/Configurations Resources/Detectors Resources/Menus Resources/Models Resources/Samples Resources/demo.sh \
		'$(PREFIX)/share/canopy/Resources'
	cp -R $(addprefix Resources/Examples/,C canopy.ipynb coffea_processor.py onnx.py trigger.yaml) \
		'$(PREFIX)/share/canopy/Resources/Examples'
	install -m 644 LICENSE '$(PREFIX)/share/doc/canopy'

lint: prepare
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)
	$(if $(CLANG_FORMAT),$(CLANG_FORMAT) --dry-run --Werror $(C_SOURCES))
	@.ci/rooms

format: prepare
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)
	$(if $(CLANG_FORMAT),$(CLANG_FORMAT) -i $(C_SOURCES))

prepare:
	@bash .ci/prepare $(SWIFT)

clean:
	rm -rf .build .build-threads .build-real .build-fuzz .build-sanitize .build-docs .build-python .build-wheel dist
