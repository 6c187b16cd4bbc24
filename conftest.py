"""For every test: the services of `unievp.devtools.testing`."""

pytest_plugins = ["unievp.devtools.pytest_plugin"]
